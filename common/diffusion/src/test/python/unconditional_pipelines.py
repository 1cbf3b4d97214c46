"""Writes small random models that read no text, and what diffusers makes of them.

../resources/pipelines/unconditional/KIND: the folder, float16 safetensors, no part dead; where the kind has its base's autoencoder, without it.
../resources/pipelines/unconditional/KIND.safetensors: final latents and pictures of several runs; the metadata entry "cases" says of which.

Run after tiny_pipeline.py: python unconditional_pipelines.py [KIND...]    (PyTorch 2.7.1, diffusers 0.42.1)
"""

import json
import shutil
import sys

import diffusers
import torch
from diffusers import AutoencoderKL, CMStochasticIterativeScheduler, DDIMScheduler, DDPMScheduler, UNet2DConditionModel, UNet2DModel, VQModel
from diffusers.utils.torch_utils import randn_tensor
from safetensors.torch import load_file, save_file

from tiny_pipeline import OUT, enliven

FOLDER = OUT / "unconditional"
CLASSES = 5


def lively(module, seed):
    return enliven(module, torch.Generator().manual_seed(seed))


def unet(seed, **config):
    torch.manual_seed(seed)
    base = {
        "sample_size": 8, "in_channels": 3, "out_channels": 3, "layers_per_block": 1, "block_out_channels": (8, 8), "attention_head_dim": 4,
        "down_block_types": ("DownBlock2D", "AttnDownBlock2D"), "up_block_types": ("AttnUpBlock2D", "UpBlock2D"), "norm_num_groups": 4,
    }
    return lively(UNet2DModel(**(base | config)), seed + 1)


def consistency_unet(seed):
    """The blocks of the published consistency models."""
    return unet(
        seed, sample_size=16, num_class_embeds=CLASSES, down_block_types=("ResnetDownsampleBlock2D", "AttnDownBlock2D"),
        up_block_types=("AttnUpBlock2D", "ResnetUpsampleBlock2D"), downsample_type="resnet", upsample_type="resnet",
        resnet_time_scale_shift="scale_shift", attn_norm_num_groups=4)


def conditioned_unet(seed):
    """As the trainer makes them: a table of classes, and nothing that attends to a text."""
    torch.manual_seed(seed)
    return lively(UNet2DConditionModel(
        sample_size=8, layers_per_block=1, block_out_channels=(8, 8), cross_attention_dim=6, num_class_embeds=CLASSES, attention_head_dim=2,
        down_block_types=("DownBlock2D", "DownBlock2D"), mid_block_type="UNetMidBlock2D", up_block_types=("UpBlock2D", "UpBlock2D"),
        norm_num_groups=4), seed + 1)


def codebook(seed):
    torch.manual_seed(seed)
    return lively(VQModel(
        block_out_channels=(4, 8), down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2, latent_channels=3,
        layers_per_block=1, norm_num_groups=4, num_vq_embeddings=32, vq_embed_dim=3, scaling_factor=0.7), seed + 1)


def latent_scheduler(cls=DDIMScheduler):
    return cls(beta_start=0.0015, beta_end=0.0195, beta_schedule="scaled_linear", clip_sample=False)


KINDS = {
    "latents": {"class": "LDMPipeline", "unet": lambda: unet(10), "vqvae": lambda: codebook(12), "scheduler": latent_scheduler},
    "latent-classes": {
        "class": "LDMPipeline", "unet": lambda: unet(20, num_class_embeds=CLASSES), "vqvae": lambda: codebook(22), "scheduler": latent_scheduler},
    "classes": {
        "class": "StableDiffusionPipeline", "unet": lambda: conditioned_unet(30), "scheduler": latent_scheduler,
        "vae": lambda: AutoencoderKL.from_pretrained(OUT / "tiny" / "vae")},
    "pixels": {"class": "DDPMPipeline", "unet": lambda: unet(40, sample_size=16), "scheduler": DDPMScheduler},
    "implicit": {"class": "DDIMPipeline", "unet": lambda: unet(50, in_channels=1, out_channels=1), "scheduler": DDPMScheduler},
    "consistency": {"class": "ConsistencyModelPipeline", "unet": lambda: consistency_unet(60), "scheduler": CMStochasticIterativeScheduler},
}

CASES = {
    "latents": [
        {"steps": 5, "seed": 0},
        {"steps": 4, "seed": 1, "scheduler": "DPMSolverMultistepScheduler"},
        {"steps": 6, "seed": 2, "scheduler": "PNDMScheduler"},
    ],
    "latent-classes": [
        {"steps": 5, "seed": 0, "class": 0},
        {"steps": 4, "seed": 1, "class": 3, "guidance_scale": 3.0},
        {"steps": 4, "seed": 2, "class": 1, "guidance_scale": 4.0, "guidance_rescale": 0.7, "scheduler": "EulerAncestralDiscreteScheduler"},
    ],
    "classes": [
        {"steps": 5, "seed": 0, "class": 2},
        {"steps": 4, "seed": 1, "class": 0, "guidance_scale": 3.0, "eta": 0.5},
        {"steps": 5, "seed": 2, "class": 4, "guidance_scale": 3.0, "scheduler": "DPMSolverMultistepScheduler", "width": 48, "height": 24},
    ],
    "pixels": [{"steps": 5, "seed": 0}, {"steps": 9, "seed": 1}],
    "implicit": [{"steps": 5, "seed": 0}, {"steps": 4, "seed": 1, "eta": 0.6}],
    "consistency": [{"steps": 1, "seed": 0, "class": 2}, {"steps": 4, "seed": 1, "class": 0}],
}


def write_model(kind):
    """The folder, as half precision; returns its modules in single precision."""
    target = FOLDER / kind
    modules = {part: make() for part, make in KINDS[kind].items() if callable(make)}
    index = {"_class_name": KINDS[kind]["class"], "_diffusers_version": diffusers.__version__}
    for part, module in modules.items():
        index[part] = ["diffusers", type(module).__name__]
        if part == "vae":
            continue  # the base's
        module.save_pretrained(target / part)
    (target / "model_index.json").write_text(json.dumps(index, indent=2) + "\n")
    for file in target.rglob("*.safetensors"):
        save_file({k: v.half() for k, v in load_file(file).items()}, file, metadata={"format": "pt"})
    return modules


def pipeline(kind, modules, case):
    """diffusers' own pipeline; the picture before it is decoded is caught on the way."""
    pipe = getattr(diffusers, KINDS[kind]["class"])(**modules)
    pipe.set_progress_bar_config(disable=True)
    seen = []
    if "vqvae" in modules:
        decode = pipe.vqvae.decode
        pipe.vqvae.decode = lambda z: seen.append(z * pipe.vqvae.config.scaling_factor) or decode(z)
    else:
        step = pipe.scheduler.step

        def seeing(*arguments, **named):
            output = step(*arguments, **named)
            seen.append(output.prev_sample)
            return output

        pipe.scheduler.step = seeing
    arguments = {"eta": case["eta"]} if "eta" in case else {"class_labels": case["class"]} if "class" in case else {}
    pictures = pipe(num_inference_steps=case["steps"], generator=torch.Generator().manual_seed(case["seed"]), output_type="np", **arguments).images
    if "vqvae" in modules:
        pipe.vqvae.decode = decode
    else:
        del pipe.scheduler.step
    return seen[-1], torch.from_numpy(pictures)


@torch.no_grad()
def loop(modules, case):
    """Classifier-free guidance between a class and the last one, for which diffusers has no pipeline with a U-Net."""
    net, scheduler = modules["unet"], modules["scheduler"]
    first_stage = modules.get("vae") or modules["vqvae"]
    generator = torch.Generator().manual_seed(case["seed"])
    factor = 2 ** (len(first_stage.config.block_out_channels) - 1)
    side = net.config.sample_size * factor
    shape = (1, net.config.in_channels, case.get("height", side) // factor, case.get("width", side) // factor)
    scale = case.get("guidance_scale", 1.0)
    scheduler.set_timesteps(case["steps"])
    latents = randn_tensor(shape, generator=generator) * scheduler.init_noise_sigma

    def predict(x, t, label):
        labels = torch.tensor([label])
        if isinstance(net, UNet2DModel):
            return net(x, t, class_labels=labels).sample
        return net(x, t, torch.zeros(1, 1, net.config.cross_attention_dim), class_labels=labels).sample

    for t in scheduler.timesteps:
        x = scheduler.scale_model_input(latents, t)
        prediction = toward = predict(x, t, case["class"])
        if scale > 1:
            away = predict(x, t, CLASSES - 1)
            prediction = away + scale * (toward - away)
            if "guidance_rescale" in case:
                rescaled = prediction * (toward.std() / prediction.std())
                prediction = case["guidance_rescale"] * rescaled + (1 - case["guidance_rescale"]) * prediction
        drawn = {} if type(scheduler).__name__ == "DPMSolverMultistepScheduler" else {"generator": generator}
        eta = {"eta": case["eta"]} if "eta" in case else {}
        latents = scheduler.step(prediction, t, latents, **drawn, **eta).prev_sample
    pictures = first_stage.decode(latents / first_stage.config.scaling_factor).sample
    return latents, (pictures / 2 + 0.5).clamp(0, 1).permute(0, 2, 3, 1)


def write(kind):
    modules = write_model(kind)
    config = json.loads((FOLDER / kind / "scheduler" / "scheduler_config.json").read_text())
    tensors = {}
    for i, case in enumerate(CASES[kind]):
        cls = getattr(diffusers, case.get("scheduler", config["_class_name"]))
        modules["scheduler"] = cls.from_config(config)
        latents, pictures = loop(modules, case) if "class" in case and kind != "consistency" else pipeline(kind, modules, case)
        pictures = (pictures * 255).round().to(torch.uint8)
        if pictures.shape[-1] == 1:
            pictures = pictures.repeat(1, 1, 1, 3)
        print(kind, i, tuple(latents.shape), "latent std %.3f" % latents.std(), "picture std %.1f" % pictures.float().std())
        tensors |= {f"{i}.latents": latents.contiguous(), f"{i}.pictures": pictures.contiguous()}
    save_file(tensors, FOLDER / f"{kind}.safetensors", metadata={"cases": json.dumps(CASES[kind])})


if __name__ == "__main__":
    torch.set_num_threads(1)
    diffusers.utils.logging.disable_progress_bar()
    for kind in sys.argv[1:] or KINDS:
        shutil.rmtree(FOLDER / kind, ignore_errors=True)
        (FOLDER / kind).mkdir(parents=True)
        write(kind)
    for file in FOLDER.rglob("*"):
        if file.is_file():
            file.chmod(0o644)
