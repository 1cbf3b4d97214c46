"""Makes src/test/resources/goldens/controlnet-*: what diffusers' ControlNetModel and OpenCV compute.

    python control_goldens.py

Weights are drawn as make_goldens.py says. Made with torch 2.7.1, diffusers 0.42.1, opencv-python-headless 5.0.0.
"""

import torch

from make_goldens import random, redraw, write

CONTROL = dict(
    in_channels=4, norm_num_groups=8, block_out_channels=[16, 32], layers_per_block=2,
    down_block_types=["CrossAttnDownBlock2D", "DownBlock2D"], cross_attention_dim=24, attention_head_dim=2,
    conditioning_embedding_out_channels=[4, 8],
)

SIZES = torch.tensor([[64, 64, 0, 0, 64, 64], [512, 384, 8, 0, 64, 96]])

CONTROLS = {
    "controlnet-sd1": ({}, {}),
    # Odd sizes, a deeper hint of another picture, labels, exchanged colours, residuals that are means.
    "controlnet-pooled": (
        {"conditioning_embedding_out_channels": [4, 6, 8], "conditioning_channels": 5, "num_class_embeds": 7, "layers_per_block": 1,
         "controlnet_conditioning_channel_order": "bgr", "global_pool_conditions": True, "resnet_time_scale_shift": "scale_shift"},
        {"class_labels": torch.tensor([3, 6])}),
    # SD2's linear projections with heads by level; the heads under their right name, which this class knows.
    "controlnet-sd2": ({"use_linear_projection": True, "num_attention_heads": [1, 4], "layers_per_block": 1, "upcast_attention": True}, {}),
    # A ReLU in resnets and time; the labels' SiLU stays.
    "controlnet-relu": (
        {"act_fn": "relu", "class_embed_type": "timestep", "layers_per_block": 1}, {"class_labels": torch.tensor([3.0, 900.0])}),
    # Other levels; and layers for a picture's embedding, which are there and never called.
    "controlnet-idle-layers": (
        {"down_block_types": ["ResnetDownsampleBlock2D", "SimpleCrossAttnDownBlock2D"], "attention_head_dim": 8, "layers_per_block": 1,
         "encoder_hid_dim": 20, "encoder_hid_dim_type": "text_image_proj", "addition_embed_type": "text_image"}, {}),
    "controlnet-sdxl": (
        {"block_out_channels": [16, 32, 48], "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
         "attention_head_dim": [1, 2, 4], "transformer_layers_per_block": [1, 2, 3], "use_linear_projection": True,
         "addition_embed_type": "text_time", "addition_time_embed_dim": 8, "projection_class_embeddings_input_dim": 80,
         "layers_per_block": 1},
        {"added_cond_kwargs.text_embeds": random(7, 2, 32), "added_cond_kwargs.time_ids": SIZES}),
}


@torch.no_grad()
def controlnet(name, changes, inputs):
    from diffusers import ControlNetModel

    config = CONTROL | changes
    model = redraw(ControlNetModel(**config))
    factor = 2 ** (len(config["conditioning_embedding_out_channels"]) - 1)
    height, width = (7, 9) if "pooled" in name else (4, 8)
    tensors = {
        "sample": random(5, 2, 4, height, width),
        "timestep": torch.tensor([999, 417]),
        "encoder_hidden_states": random(6, 2, 7, config["cross_attention_dim"]),
        "controlnet_cond": torch.rand(
            (2, config.get("conditioning_channels", 3), height * factor, width * factor), generator=torch.Generator().manual_seed(8)),
    } | inputs
    added = {k.split(".")[1]: v for k, v in tensors.items() if k.startswith("added_cond_kwargs.")}

    def answer(scale, guess):
        return model(
            tensors["sample"], tensors["timestep"], tensors["encoder_hidden_states"], tensors["controlnet_cond"],
            conditioning_scale=scale, class_labels=tensors.get("class_labels"), added_cond_kwargs=added or None, guess_mode=guess)

    for prefix, y in (("", answer(0.7, False)), ("guess.", answer(1.3, True))):
        for i, residual in enumerate(y.down_block_res_samples):
            tensors[f"{prefix}down_block_res_samples.{i}"] = residual
        tensors[f"{prefix}mid_block_res_sample"] = y.mid_block_res_sample
    write(name, config, tensors, model)


def picture():
    """Discs and bars of many contrasts over soft noise: edges of every direction, strong and weak."""
    height, width = 56, 72
    y, x = torch.meshgrid(torch.arange(height).float(), torch.arange(width).float(), indexing="ij")
    noise = torch.nn.functional.interpolate(random(21, 1, 3, 8, 10), (height, width), mode="bicubic")[0] * 22
    image = noise + 120
    for centre_y, centre_x, radius, colour in ((18, 20, 12, (70, -60, 20)), (40, 50, 9, (-90, 10, 40)), (12, 60, 6, (15, 25, -18))):
        disc = ((y - centre_y) ** 2 + (x - centre_x) ** 2 < radius**2).float()
        image = image + disc * torch.tensor(colour).float()[:, None, None]
    image = image + ((x + 2 * y) % 37 < 3).float() * 55 - ((3 * x - y) % 53 < 5).float() * 70
    return image.clamp(0, 255).round().to(torch.uint8).permute(1, 2, 0).contiguous()


def annotators():
    import cv2
    import numpy

    image = picture()
    pixels = image.numpy()
    tensors = {"picture": image}
    for low, high in ((100, 200), (40, 90), (0, 255)):
        tensors[f"canny.{low}.{high}"] = torch.from_numpy(cv2.Canny(pixels, low, high))
    drawn = numpy.zeros(pixels.shape[:2], numpy.uint8)
    drawn[numpy.min(pixels, axis=2) < 127] = 255
    fine = cv2.GaussianBlur(pixels.astype(numpy.float32), (0, 0), 0.5)
    coarse = cv2.GaussianBlur(pixels.astype(numpy.float32), (0, 0), 5.0)
    light = (255 - numpy.min(coarse - fine, axis=2)).clip(0, 255).astype(numpy.uint8)
    strokes = numpy.zeros(pixels.shape[:2], numpy.uint8)
    strokes[2 * (255 - light.astype(int)) > 32] = 255
    tensors |= {"drawing": torch.from_numpy(drawn), "photo": torch.from_numpy(strokes)}
    write("annotators", {}, tensors)
    print({k: int((v > 0).sum()) for k, v in tensors.items()})


if __name__ == "__main__":
    torch.set_num_threads(1)
    for name, case in CONTROLS.items():
        controlnet(name, *case)
    annotators()
