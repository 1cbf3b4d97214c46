"""Makes src/test/resources/goldens: what PyTorch, diffusers and transformers compute, for the tests to compare with.

    python make_goldens.py [CASE ...]

Weights are not stored. Both sides draw each parameter from its own stream, seeded by the CRC-32 of its key, all of them, also those
that start at zero or one; so a case is its config, inputs and outputs, and keys and shapes are tested along the way. The residual
stream is kept at about 0.02: at unit variance a wrong epsilon in a norm would hide below the tolerance.
Made with torch 2.7.1, diffusers 0.42.1.
"""

import json
import pathlib
import re
import sys
import zlib

import torch
from safetensors.torch import save_file

GOLDENS = pathlib.Path(__file__).parent.parent / "resources" / "goldens"
INTO_RESIDUAL = re.compile(
    r"(^|\.)(conv_in|conv2|conv_shortcut|to_out\.0|ff\.net\.2|proj_out|downsamplers\.0\.conv|upsamplers\.0\.conv|post_quant_conv"
    r"|token_embedding|position_embedding|out_proj|fc2|shared|SelfAttention\.o|wo)\."
)


def drawn(key, shape):
    """The same as DrawnParameters.java: uniform, scaled by what kind of parameter the key names."""
    generator = torch.Generator("cpu").manual_seed(zlib.crc32(key.encode()))
    u = torch.rand(tuple(shape), generator=generator) * 2 - 1
    if "norm" in key.split(".")[-2].lower() and len(shape) == 1:
        return u * 0.3 + (1 if key.endswith("weight") else 0)
    if len(shape) == 1:
        scale = 0.1
    else:
        fan_in = 1
        for size in shape[1:]:
            fan_in *= size
        scale = (3 / fan_in) ** 0.5
    return u * scale * (0.02 if INTO_RESIDUAL.search(key) else 1)


def redraw(model):
    with torch.no_grad():
        for key, parameter in model.named_parameters():
            parameter.copy_(drawn(key, parameter.shape))
    return model.eval()


def random(seed, *shape):
    return torch.randn(shape, generator=torch.Generator("cpu").manual_seed(seed))


def write(name, config, tensors, model=None):
    metadata = {"config": json.dumps(config)}
    if model is not None:
        metadata["parameters"] = json.dumps({k: list(p.shape) for k, p in model.named_parameters()})
    GOLDENS.mkdir(exist_ok=True)
    tensors = {k: v.detach().clone().contiguous() for k, v in tensors.items()}
    save_file(tensors, GOLDENS / f"{name}.safetensors", metadata=metadata)
    print(name, {k: list(v.shape) for k, v in tensors.items()}, (GOLDENS / f"{name}.safetensors").stat().st_size)


def gradients(model, loss, keys):
    """Some gradients in full, and the norm of every one."""
    model.zero_grad()
    loss.backward()
    grads = {k: p.grad for k, p in model.named_parameters()}
    return {f"gradient.{k}": grads[k] for k in keys} | {
        "gradient_norms": torch.stack([g.norm() for g in grads.values()]),
        "loss": loss.detach().reshape(1),
    }


def resnet():
    from diffusers.models.resnet import ResnetBlock2D

    block = redraw(ResnetBlock2D(in_channels=32, out_channels=64, temb_channels=48, groups=8, eps=1e-5))
    x, time = random(1, 2, 32, 8, 6) * 0.02, random(2, 2, 48)
    x.requires_grad_()
    y = block(x, time)
    tensors = {"x": x, "time": time, "y": y}
    tensors |= gradients(block, (y * y).mean(), [k for k, _ in block.named_parameters() if k != "conv2.weight"])
    write("resnet", {}, tensors | {"gradient.x": x.grad}, block)


VAE = dict(
    in_channels=3, out_channels=3, latent_channels=4, norm_num_groups=8, block_out_channels=[16, 32, 48], layers_per_block=2,
    down_block_types=["DownEncoderBlock2D"] * 3, up_block_types=["UpDecoderBlock2D"] * 3, sample_size=32,
)


def autoencoder(name, changes, grads=()):
    from diffusers import AutoencoderKL

    config = VAE | changes
    vae = redraw(AutoencoderKL(**config))
    image = random(3, 2, config["in_channels"], 16, 24)
    posterior = vae.encode(image).latent_dist
    z = random(4, 2, config["latent_channels"], 4, 6)
    decoded = vae.decode(z).sample
    tensors = {"image": image, "mean": posterior.mean, "logvar": posterior.logvar, "z": z, "decoded": decoded}
    if grads:
        reconstruction = vae.decode(posterior.mean).sample
        loss = (reconstruction * reconstruction).mean() + (posterior.logvar * posterior.logvar).mean()
        tensors |= gradients(vae, loss, grads)
    write(name, config, tensors, vae)


@torch.no_grad()
def tiled():
    """With tiles of 32 pixels and 8 of the latent; the last ones are smaller, and a row of the batch stands beside."""
    from diffusers import AutoencoderKL

    config = VAE | {"layers_per_block": 1}
    vae = redraw(AutoencoderKL(**config))
    vae.enable_tiling()
    image, z = random(3, 2, 3, 56, 36), random(4, 1, 4, 13, 19)
    posterior = vae.encode(image).latent_dist
    write("autoencoder-tiled", config, {
        "image": image, "mean": posterior.mean, "logvar": posterior.logvar, "z": z, "decoded": vae.decode(z).sample}, vae)


def vq(name, changes, grads=()):
    from diffusers import VQModel

    config = VAE | changes
    model = redraw(VQModel(**config))
    image = random(3, 2, config["in_channels"], 16, 24)
    latents = model.encode(image).latents
    quantised, _, (_, _, indices) = model.quantize(latents)
    tensors = {"image": image, "latents": latents, "indices": indices.view(2, *latents.shape[2:]), "quantised": quantised,
               "decoded": model.decode(latents).sample}
    write(name, config, tensors, model)


def tiny(name, config, grads=()):
    from diffusers import AutoencoderTiny

    model = redraw(AutoencoderTiny(**config))
    image = random(3, 2, config["in_channels"], 16, 24)
    z = random(4, 2, config["latent_channels"], 4, 6) * 2
    encoded, decoded = model.encode(image).latents, model.decode(z).sample
    tensors = {"image": image, "encoded": encoded, "z": z, "decoded": decoded}
    if grads:
        tensors |= gradients(model, (encoded * encoded).mean() + (decoded * decoded).mean(), grads)
    write(name, config, tensors, model)


UNET = dict(
    sample_size=8, in_channels=4, out_channels=4, norm_num_groups=8, block_out_channels=[16, 32], layers_per_block=2,
    down_block_types=["CrossAttnDownBlock2D", "DownBlock2D"], up_block_types=["UpBlock2D", "CrossAttnUpBlock2D"],
    cross_attention_dim=24, attention_head_dim=2,
)


def unet(name, changes, inputs, grads=(), size=(8, 12)):
    from diffusers import UNet2DConditionModel

    config = UNET | changes
    model = redraw(UNet2DConditionModel(**config))
    context = config.get("encoder_hid_dim") or config["cross_attention_dim"]
    tensors = {
        "sample": random(5, 3, config["in_channels"] - (4 if config.get("addition_embed_type") == "image_hint" else 0), *size),
        "timestep": torch.tensor([999, 0, 417]),
        "encoder_hidden_states": random(6, 3, 7, context),
    } | inputs
    tensors = {k: v for k, v in tensors.items() if v is not None}

    def nested(place):
        return {k[len(place):]: v for k, v in tensors.items() if k.startswith(place)}

    added, objects = nested("added_cond_kwargs."), nested("cross_attention_kwargs.gligen.")
    residuals = [v for k, v in tensors.items() if k.startswith("down_block_additional_residuals.")]
    y = model(
        tensors["sample"], tensors["timestep"], tensors.get("encoder_hidden_states"),
        cross_attention_kwargs={"gligen": objects} if objects else None,
        class_labels=tensors.get("class_labels"), timestep_cond=tensors.get("timestep_cond"),
        encoder_attention_mask=tensors.get("encoder_attention_mask"), added_cond_kwargs=added or None,
        down_block_additional_residuals=residuals or None,
        mid_block_additional_residual=tensors.get("mid_block_additional_residual"),
    ).sample
    tensors["y"] = y
    if grads:
        tensors |= gradients(model, (y * y).mean(), grads)
    write(name, config, tensors, model)


MASK = torch.tensor([[1, 1, 1, 1, 1, 1, 1], [1, 1, 1, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0, 0]])

# Kandinsky 2.2's way to a picture's embedding: 32 tokens of it, and itself beside time.
OF_IMAGES = {"encoder_hid_dim": 20, "encoder_hid_dim_type": "image_proj", "addition_embed_type": "image", "layers_per_block": 1}

# Rows have objects, one object, none; boxes without one hold anything.
BOXES = {
    "cross_attention_kwargs.gligen.boxes": torch.rand((3, 4, 4), generator=torch.Generator().manual_seed(20)),
    "cross_attention_kwargs.gligen.masks": torch.tensor([[1.0, 1, 1, 0], [0, 0, 1, 0], [0, 0, 0, 0]]),
}

UNETS = {
    # Stable Diffusion 1: convolutional projections, the same number of heads everywhere.
    "unet-sd1": ({}, {}, [
        "conv_in.weight", "time_embedding.linear_1.weight", "down_blocks.0.attentions.1.transformer_blocks.0.attn2.to_k.weight",
        "down_blocks.0.attentions.0.transformer_blocks.0.ff.net.0.proj.bias", "up_blocks.0.resnets.2.conv_shortcut.bias",
        "up_blocks.1.attentions.2.proj_in.weight", "conv_out.weight"]),
    # Stable Diffusion 2: linear projections, heads by level, a mask over the context.
    "unet-sd2": ({"use_linear_projection": True, "attention_head_dim": [2, 4], "upcast_attention": True},
                 {"encoder_attention_mask": MASK}),
    # XL: no attention at the top, deeper transformers below, pooled text and sizes.
    "unet-sdxl": (
        {"block_out_channels": [16, 32, 48], "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
         "up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"], "attention_head_dim": [1, 2, 4],
         "transformer_layers_per_block": [1, 2, 3], "use_linear_projection": True, "addition_embed_type": "text_time",
         "addition_time_embed_dim": 8, "projection_class_embeddings_input_dim": 80, "layers_per_block": 1},
        {"added_cond_kwargs.text_embeds": random(7, 3, 32),
         "added_cond_kwargs.time_ids": torch.tensor([[64, 64, 0, 0, 64, 64], [512, 384, 8, 0, 64, 96], [1024, 1024, 0, 16, 512, 512]])}),
    # Labels from a table, and a guidance scale beside time; odd sizes on the way down.
    "unet-classes": ({"num_class_embeds": 10, "time_cond_proj_dim": 12, "layers_per_block": 1, "resnet_time_scale_shift": "scale_shift"},
                     {"class_labels": torch.tensor([3, 0, 9]), "timestep_cond": random(8, 3, 12)}, (), (7, 9)),
    # The x4 upscaler: cross-attention only in places, seven channels, noise levels as labels; other kinds of label and middle.
    "unet-upscaler": ({"only_cross_attention": [True, False], "in_channels": 7, "num_class_embeds": 20, "use_linear_projection": True,
                       "mid_block_scale_factor": 1.4142, "downsample_padding": 0, "layers_per_block": 1},
                      {"class_labels": torch.tensor([3, 0, 19]), "encoder_attention_mask": MASK}),
    "unet-projected-labels": (
        {"class_embed_type": "projection", "projection_class_embeddings_input_dim": 10, "mid_block_type": "UNetMidBlock2D",
         "encoder_hid_dim": 20, "encoder_hid_dim_type": "text_proj", "class_embeddings_concat": True, "flip_sin_to_cos": False,
         "freq_shift": 1, "conv_in_kernel": 1, "conv_out_kernel": 5, "layers_per_block": [1, 2], "center_input_sample": True,
         "time_embedding_dim": 40, "norm_eps": 1e-6},
        {"class_labels": random(9, 3, 10)}),
    "unet-timestep-labels": ({"class_embed_type": "timestep", "layers_per_block": 1, "mid_block_type": None},
                             {"class_labels": torch.tensor([3.0, 0.5, 900.0])}),
    "unet-simple-projection": ({"class_embed_type": "simple_projection", "projection_class_embeddings_input_dim": 10, "layers_per_block": 1},
                               {"class_labels": random(9, 3, 10)}),
    "unet-identity-labels": ({"class_embed_type": "identity", "layers_per_block": 1}, {"class_labels": random(9, 3, 64)}),
    # DeepFloyd's: the context, pooled by attention, stands beside time.
    "unet-pooled-context": (
        {"addition_embed_type": "text", "addition_embed_type_num_heads": 4, "layers_per_block": 1}, {},
        ["add_embedding.pool.positional_embedding", "add_embedding.pool.k_proj.weight", "add_embedding.norm1.weight"]),
    "unet-residuals": (
        {"layers_per_block": 1},
        {"down_block_additional_residuals.0": random(10, 3, 16, 8, 12) * 0.02, "down_block_additional_residuals.1": random(11, 3, 16, 8, 12) * 0.02,
         "down_block_additional_residuals.2": random(12, 3, 16, 4, 6) * 0.02, "down_block_additional_residuals.3": random(13, 3, 32, 4, 6) * 0.02,
         "mid_block_additional_residual": random(14, 3, 32, 4, 6) * 0.02}),
    # Other non-linearities, each where no other stands: mish in resnets, times, labels and the output.
    "unet-activations": (
        {"act_fn": "mish", "class_embed_type": "timestep", "timestep_post_act": "gelu", "time_embedding_act_fn": "relu",
         "resnet_skip_time_act": True, "resnet_out_scale_factor": 1.4, "layers_per_block": 1},
        {"class_labels": torch.tensor([3.0, 0.5, 900.0])},
        ["time_embedding.linear_1.weight", "class_embedding.linear_1.weight", "down_blocks.0.resnets.0.time_emb_proj.weight"]),
    # Random frequencies of the time itself; labels meet them too.
    "unet-fourier": (
        {"time_embedding_type": "fourier", "act_fn": "gelu", "class_embed_type": "timestep", "layers_per_block": 1},
        {"timestep": torch.tensor([0.02, 3.5, 8.0]), "class_labels": torch.tensor([3.0, 0.5, 9.0])}),
    # Stable Diffusion's latent upscaler: k-diffusion's blocks, no norm at the end, a second input beside time.
    "unet-latent-upscaler": (
        {"block_out_channels": [32, 32, 64, 64], "down_block_types": ["KDownBlock2D"] + ["KCrossAttnDownBlock2D"] * 3, "in_channels": 8,
         "up_block_types": ["KCrossAttnUpBlock2D"] * 3 + ["KUpBlock2D"], "out_channels": 5, "norm_num_groups": None, "mid_block_type": None,
         "time_embedding_type": "fourier", "act_fn": "gelu", "timestep_post_act": "gelu", "time_cond_proj_dim": 20, "attention_head_dim": 8,
         "conv_in_kernel": 1, "conv_out_kernel": 1, "resnet_time_scale_shift": "scale_shift"},
        {"timestep": torch.tensor([-0.9, 0.2, 0.67]), "timestep_cond": random(8, 3, 20), "encoder_attention_mask": MASK}, (), (16, 24)),
    # The same blocks in another order, a middle between them, and heads by level that leave channels over.
    "unet-k-mirrored": (
        {"block_out_channels": [32, 64], "down_block_types": ["KCrossAttnDownBlock2D", "KDownBlock2D"], "layers_per_block": [2, 1],
         "up_block_types": ["KUpBlock2D", "KCrossAttnUpBlock2D"], "mid_block_type": "UNetMidBlock2D",
         "act_fn": "mish", "attention_head_dim": [4, 12]}, {},
        ["down_blocks.0.attentions.1.attn2.norm_cross.weight", "down_blocks.0.attentions.0.norm2.linear.bias",
         "up_blocks.0.resnets.0.conv_shortcut.weight", "up_blocks.1.attentions.1.attn2.to_v.bias"]),
    # DeepFloyd's and Kandinsky's: attention to positions and context at once, resnets that resize, the context normed in groups.
    "unet-simple-cross-attention": (
        {"down_block_types": ["ResnetDownsampleBlock2D", "SimpleCrossAttnDownBlock2D"], "mid_block_type": "UNetMidBlock2DSimpleCrossAttn",
         "up_block_types": ["SimpleCrossAttnUpBlock2D", "ResnetUpsampleBlock2D"], "cross_attention_dim": 32,
         "cross_attention_norm": "group_norm", "attention_head_dim": [4, 8], "resnet_time_scale_shift": "scale_shift",
         "resnet_skip_time_act": True, "resnet_out_scale_factor": 1.4142, "mid_block_scale_factor": 1.4142, "act_fn": "gelu"},
        {"encoder_attention_mask": MASK},
        ["down_blocks.0.downsamplers.0.time_emb_proj.weight", "down_blocks.1.attentions.0.add_v_proj.weight",
         "up_blocks.0.attentions.1.norm_cross.weight", "up_blocks.0.upsamplers.0.conv1.bias"]),
    # Self-attention on one level; on another the context alone is attended to, normed token by token, and in the middle, too.
    "unet-mixed-attention": (
        {"block_out_channels": [16, 24, 24], "down_block_types": ["AttnDownBlock2D", "SimpleCrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
         "up_block_types": ["CrossAttnUpBlock2D", "SimpleCrossAttnUpBlock2D", "AttnUpBlock2D"], "encoder_hid_dim": 20, "layers_per_block": 1,
         "mid_block_type": "UNetMidBlock2DSimpleCrossAttn", "only_cross_attention": True, "cross_attention_norm": "layer_norm",
         "downsample_padding": 0, "attention_head_dim": [4, 12, 8], "resnet_skip_time_act": True, "resnet_out_scale_factor": 1.4142}, {},
        ["down_blocks.0.attentions.0.to_q.weight", "mid_block.attentions.0.norm_cross.bias", "up_blocks.1.upsamplers.0.conv2.weight"]),
    # A distilled XL, such as SSD-1B: transformers of other depths after each resnet, and none on a level that does not attend;
    # heads that leave channels over.
    "unet-pruned": (
        {"down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D"], "up_block_types": ["CrossAttnUpBlock2D", "UpBlock2D"],
         "transformer_layers_per_block": [0, [2, 1]], "reverse_transformer_layers_per_block": [[1, 3, 1], 0],
         "attention_head_dim": [2, 3]}, {}),
    "unet-image-embedding": (
        OF_IMAGES | {"down_block_types": ["ResnetDownsampleBlock2D", "SimpleCrossAttnDownBlock2D"], "attention_head_dim": 8,
                     "up_block_types": ["SimpleCrossAttnUpBlock2D", "ResnetUpsampleBlock2D"], "mid_block_type": "UNetMidBlock2DSimpleCrossAttn",
                     "resnet_time_scale_shift": "scale_shift", "out_channels": 8},
        {"encoder_hidden_states": None, "added_cond_kwargs.image_embeds": random(18, 3, 20)},
        ["encoder_hid_proj.norm.weight", "encoder_hid_proj.image_embeds.bias", "add_embedding.image_proj.weight"]),
    # Its ControlNet: a second picture joins the sample, here of sides that are no multiples of 8.
    "unet-image-hint": (
        OF_IMAGES | {"addition_embed_type": "image_hint", "in_channels": 8},
        {"encoder_hidden_states": None, "added_cond_kwargs.image_embeds": random(18, 3, 20),
         "added_cond_kwargs.hint": random(19, 3, 3, 26, 33)}, (), (4, 5)),
    # Kandinsky 2.1's: ten tokens of a picture before those of the text, both pooled beside time; a mask over all tokens.
    "unet-text-image": (
        {"encoder_hid_dim": 20, "encoder_hid_dim_type": "text_image_proj", "addition_embed_type": "text_image", "layers_per_block": 1,
         "center_input_sample": True},
        {"added_cond_kwargs.image_embeds": random(18, 3, 24), "added_cond_kwargs.text_embeds": random(19, 3, 24),
         "encoder_attention_mask": torch.cat([torch.ones(3, 10), MASK], 1)},
        ["encoder_hid_proj.image_embeds.weight", "encoder_hid_proj.text_proj.bias", "add_embedding.text_norm.weight"]),
    # GLIGEN: between self-attention and cross-attention, objects in boxes that have a text, or a text and a picture.
    "unet-gligen": (
        {"attention_type": "gated", "layers_per_block": 1, "transformer_layers_per_block": 2, "attention_head_dim": 3},
        BOXES | {"cross_attention_kwargs.gligen.positive_embeddings": random(21, 3, 4, 24)},
        ["position_net.null_position_feature", "position_net.linears.0.bias",
         "down_blocks.0.attentions.0.transformer_blocks.1.fuser.alpha_attn", "up_blocks.1.attentions.0.transformer_blocks.0.fuser.linear.weight",
         "mid_block.attentions.0.transformer_blocks.0.fuser.attn.to_k.weight"]),
    "unet-gligen-text-image": (
        {"attention_type": "gated-text-image", "layers_per_block": 1, "use_linear_projection": True, "only_cross_attention": [True, False]},
        BOXES | {"cross_attention_kwargs.gligen.phrases_embeddings": random(21, 3, 4, 24),
                 "cross_attention_kwargs.gligen.phrases_masks": torch.tensor([[1.0, 0, 1, 0], [0, 0, 1, 0], [0, 0, 0, 0]]),
                 "cross_attention_kwargs.gligen.image_embeddings": random(22, 3, 4, 24),
                 "cross_attention_kwargs.gligen.image_masks": torch.tensor([[0.0, 1, 1, 0], [0, 0, 1, 0], [0, 0, 0, 0]])}),
    # The same model without objects leaves those layers out.
    "unet-gligen-without-objects": ({"attention_type": "gated", "layers_per_block": 1, "dropout": 0.3}, {}),
    # The shape of the starter model: one resnet a level, attention at the two lower levels.
    "unet-starter": (
        {"in_channels": 8, "out_channels": 8, "block_out_channels": [24, 48, 64],
         "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
         "up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"], "attention_head_dim": [2, 4, 4],
         "layers_per_block": 1}, {}, ["conv_in.weight", "mid_block.attentions.0.transformer_blocks.0.attn1.to_q.weight"], (8, 8)),
}

UNET2D = dict(
    sample_size=8, in_channels=3, out_channels=3, norm_num_groups=8, block_out_channels=[16, 32], layers_per_block=1,
    down_block_types=["DownBlock2D", "AttnDownBlock2D"], up_block_types=["AttnUpBlock2D", "UpBlock2D"],
)


def unet2d(name, changes, inputs, grads=()):
    from diffusers import UNet2DModel

    config = UNET2D | changes
    model = redraw(UNet2DModel(**config))
    tensors = {"sample": random(17, 3, config["in_channels"], 8, 12), "timestep": torch.tensor([999, 0, 417])} | inputs
    y = model(tensors["sample"], tensors["timestep"], class_labels=tensors.get("class_labels")).sample
    tensors["y"] = y
    if grads:
        tensors |= gradients(model, (y * y).mean(), grads)
    write(name, config, tensors, model)


UNETS2D = {
    # DDPM's, with labels from a table; the middle's norm has groups of its own.
    "unet2d-ddpm": ({"downsample_padding": 0, "num_class_embeds": 5, "attn_norm_num_groups": 4, "norm_eps": 1e-6, "layers_per_block": 2},
                    {"class_labels": torch.tensor([4, 0, 2])},
                    ["down_blocks.1.attentions.0.to_q.weight", "mid_block.attentions.0.group_norm.weight", "class_embedding.weight"]),
    # Resnets that resize, time that scales and shifts (the middle then attends without a norm), one head.
    "unet2d-resnets": (
        {"block_out_channels": [16, 24, 32], "down_block_types": ["ResnetDownsampleBlock2D", "AttnDownBlock2D", "DownBlock2D"],
         "up_block_types": ["ResnetUpsampleBlock2D", "AttnUpBlock2D", "UpBlock2D"], "downsample_type": "resnet", "upsample_type": "resnet",
         "resnet_time_scale_shift": "scale_shift", "mid_block_scale_factor": 1.4142, "class_embed_type": "timestep",
         "attention_head_dim": None},
        {"class_labels": torch.tensor([3.0, 0.5, 900.0])},
        ["down_blocks.0.downsamplers.0.conv1.weight", "up_blocks.1.upsamplers.0.time_emb_proj.weight"]),
    # Score models': noise levels, whose logarithm meets random frequencies.
    "unet2d-fourier": (
        {"time_embedding_type": "fourier", "center_input_sample": True, "add_attention": False, "class_embed_type": "identity",
         "time_embedding_dim": 40, "out_channels": 6},
        {"timestep": torch.tensor([0.02, 3.5, 81.0]), "class_labels": random(18, 3, 40)}),
    # A ReLU in the resnets alone: in the middle of time and labels, and at the end, SiLU stays.
    "unet2d-relu": (
        {"act_fn": "relu", "class_embed_type": "timestep", "down_block_types": ["ResnetDownsampleBlock2D", "DownBlock2D"],
         "up_block_types": ["UpBlock2D", "ResnetUpsampleBlock2D"]},
        {"class_labels": torch.tensor([3.0, 0.5, 900.0])}),
    # Times from a table, heads that do not fill the channels, no middle.
    "unet2d-learned": (
        {"time_embedding_type": "learned", "num_train_timesteps": 1000, "mid_block_type": None, "attention_head_dim": 5,
         "flip_sin_to_cos": False, "freq_shift": 1}, {}),
}


def bert():
    from transformers import BertConfig, BertModel

    config = BertConfig(
        vocab_size=60, hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=40, max_position_embeddings=12,
        architectures=["BertModel"])
    model = redraw(BertModel(config))
    ids = torch.tensor([[2, 17, 40, 3, 0, 0, 0, 0], [2, 59, 5, 6, 7, 8, 9, 3], [2, 3, 0, 0, 0, 0, 0, 0]])
    mask = torch.tensor([[1, 1, 1, 1, 0, 0, 0, 0], [1] * 8, [1, 1, 0, 0, 0, 0, 0, 0]])
    y = model(ids, attention_mask=mask, output_hidden_states=True)
    tensors = {"input_ids": ids, "attention_mask": mask, "last_hidden_state": y.last_hidden_state, "pooler_output": y.pooler_output}
    tensors |= {f"hidden_states.{i}": h for i, h in enumerate(y.hidden_states)}
    tensors["unmasked"] = model(ids).last_hidden_state
    write("bert", json.loads(config.to_json_string(use_diff=False)), tensors, model)


class Published(torch.nn.Module):
    """A CLIPTextModel under the name that published checkpoints have for it."""

    def __init__(self, model):
        super().__init__()
        self.text_model = model

    def forward(self, *inputs, **options):
        return self.text_model(*inputs, **options)


CLIP = dict(
    vocab_size=60, hidden_size=24, num_hidden_layers=3, num_attention_heads=3, intermediate_size=40, max_position_embeddings=12,
    projection_dim=20, bos_token_id=58)


def clip(name, changes, grads=()):
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    projects = "projection" in name
    kind = CLIPTextModelWithProjection if projects else CLIPTextModel
    config = CLIPTextConfig(**CLIP | changes, architectures=[kind.__name__])
    model = redraw(kind(config) if projects else Published(kind(config)))
    # The second row holds its end token twice, the third has padding of a higher id than the end.
    ids = torch.tensor([[58, 17, 40, 3, 57, 0, 0, 0], [58, 57, 5, 6, 57, 8, 9, 3], [58, 3, 12, 57, 59, 59, 59, 59]])
    mask = torch.tensor([[1, 1, 1, 1, 1, 0, 0, 0], [1] * 8, [1, 1, 1, 1, 0, 0, 0, 0]])
    y = model(ids, output_hidden_states=True)
    tensors = {"input_ids": ids, "attention_mask": mask, "last_hidden_state": y.last_hidden_state}
    tensors |= {f"hidden_states.{i}": h for i, h in enumerate(y.hidden_states)}
    tensors["masked"] = model(ids, attention_mask=mask).last_hidden_state
    tensors["pooled"] = y.text_embeds if projects else y.pooler_output
    final = model.text_model.final_layer_norm
    tensors["skipped"] = final(y.hidden_states[-2])
    # As textual inversion does: two tokens past the vocabulary.
    added = random(15, 2, config.hidden_size) * 0.02
    new_ids = torch.tensor([[58, 60, 61, 57, 0, 0, 0, 0]])
    tensors |= {"added": added, "new_ids": new_ids}
    table = model.text_model.embeddings.token_embedding
    old = table.weight
    wider = torch.cat([old.detach(), added]).requires_grad_()
    table.weight = torch.nn.Parameter(wider)
    inverted = model(new_ids).last_hidden_state
    (inverted * inverted).mean().backward()
    tensors |= {"inverted": inverted, "added_gradient": table.weight.grad[60:]}
    table.weight = old
    if grads:
        loss = (y.last_hidden_state * y.last_hidden_state).mean() + (tensors["pooled"] * tensors["pooled"]).mean()
        tensors |= gradients(model, loss, grads)
    write(name, json.loads(config.to_json_string(use_diff=False)), tensors, model)


def t5(name, changes, grads=()):
    from transformers import T5Config, T5EncoderModel

    settings = dict(vocab_size=40, d_model=24, d_kv=6, d_ff=32, num_layers=2, num_heads=3) | changes
    model = redraw(T5EncoderModel(T5Config(**settings)))
    # Long enough for the distances that are counted by their logarithm.
    ids = torch.randint(1, 40, (2, 150), generator=torch.Generator().manual_seed(16))
    mask = torch.ones_like(ids)
    mask[0, 90:] = 0
    y = model(ids, output_hidden_states=True)
    tensors = {"input_ids": ids, "attention_mask": mask, "last_hidden_state": y.last_hidden_state}
    tensors |= {f"hidden_states.{i}": h[:, ::16] for i, h in enumerate(y.hidden_states)}
    tensors["masked"] = model(ids, attention_mask=mask).last_hidden_state
    if grads:
        tensors |= gradients(model, (y.last_hidden_state * y.last_hidden_state).mean(), grads)
    write(name, settings | {"architectures": ["T5EncoderModel"]}, tensors, model)


def types():
    """Every element type that may be read; the test states the values."""
    x = torch.tensor([[0, 1, -2], [0.5, 96, -0.125]])
    y = torch.tensor([0, 1, 1])
    tensors = {"f64": x.double(), "f32": x, "f16": x.half(), "bf16": x.bfloat16(), "scalar": torch.tensor(7.5), "empty": torch.zeros(0, 4)}
    tensors |= {"i64": y, "i32": y.int(), "i8": y.to(torch.int8), "u8": y.to(torch.uint8), "bool": y.bool()}
    save_file(tensors, GOLDENS / "types.safetensors", metadata={"note": "written by make_goldens.py"})


CASES = {
    "types": types,
    "bert": bert,
    "clip": lambda: clip("clip", {"eos_token_id": 2}, [
        "text_model.embeddings.token_embedding.weight", "text_model.encoder.layers.1.self_attn.k_proj.weight",
        "text_model.encoder.layers.2.mlp.fc1.bias", "text_model.final_layer_norm.weight"]),
    "clip-projection": lambda: clip("clip-projection", {"hidden_act": "gelu", "eos_token_id": 57, "layer_norm_eps": 1e-6}, [
        "text_model.embeddings.position_embedding.weight", "text_projection.weight"]),
    "t5": lambda: t5("t5", {"feed_forward_proj": "gated-gelu"}, [
        "shared.weight", "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight",
        "encoder.block.1.layer.1.DenseReluDense.wi_0.weight", "encoder.final_layer_norm.weight"]),
    "t5-v1.0": lambda: t5("t5-v1.0", {"relative_attention_num_buckets": 8, "relative_attention_max_distance": 20, "num_layers": 1}),
    "resnet": resnet,
    "autoencoder": lambda: autoencoder(
        "autoencoder", {},
        ["encoder.conv_in.weight", "encoder.mid_block.attentions.0.to_q.weight", "quant_conv.weight", "post_quant_conv.bias",
         "decoder.up_blocks.1.resnets.0.conv_shortcut.weight", "decoder.conv_out.weight"]),
    "autoencoder-attention-levels": lambda: autoencoder(
        "autoencoder-attention-levels",
        {"down_block_types": ["DownEncoderBlock2D", "DownEncoderBlock2D", "AttnDownEncoderBlock2D"],
         "up_block_types": ["AttnUpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D"], "layers_per_block": 1}),
    "autoencoder-bare": lambda: autoencoder(
        "autoencoder-bare",
        {"use_quant_conv": False, "use_post_quant_conv": False, "mid_block_add_attention": False, "latent_channels": 16,
         "layers_per_block": 1, "scaling_factor": 1.5305, "shift_factor": 0.0609}),
    "autoencoder-gelu": lambda: autoencoder(
        "autoencoder-gelu",
        {"act_fn": "gelu", "layers_per_block": 1, "block_out_channels": [16, 24], "down_block_types": ["DownEncoderBlock2D"] * 2,
         "up_block_types": ["UpDecoderBlock2D"] * 2}),
    "autoencoder-tiled": tiled,
    "vq": lambda: vq("vq", {"latent_channels": 3, "vq_embed_dim": 5, "num_vq_embeddings": 40, "up_block_types": ["AttnUpDecoderBlock2D"] + ["UpDecoderBlock2D"] * 2}),
    "tiny-mish": lambda: tiny(
        "tiny-mish",
        {"in_channels": 3, "out_channels": 3, "encoder_block_out_channels": [8, 8, 8], "decoder_block_out_channels": [8, 8, 8],
         "num_encoder_blocks": [1, 1, 1], "num_decoder_blocks": [1, 1, 1], "latent_channels": 4, "act_fn": "mish"}),
    "tiny": lambda: tiny(
        "tiny",
        {"in_channels": 3, "out_channels": 4, "encoder_block_out_channels": [16, 16, 16], "decoder_block_out_channels": [24, 24, 24],
         "num_encoder_blocks": [1, 2, 1], "num_decoder_blocks": [2, 1, 1], "latent_channels": 4},
        ["encoder.layers.2.weight", "decoder.layers.2.conv.2.weight", "decoder.layers.5.weight"]),
} | {name: (lambda name=name, case=case: unet(name, *case)) for name, case in UNETS.items()} | {
    name: (lambda name=name, case=case: unet2d(name, *case)) for name, case in UNETS2D.items()}

if __name__ == "__main__":
    torch.set_num_threads(1)
    for case in sys.argv[1:] or CASES:
        CASES[case]()
