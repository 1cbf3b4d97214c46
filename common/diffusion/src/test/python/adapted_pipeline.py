"""Writes a small ControlNet and two LoRAs for the tiny pipeline with CLIP, and what diffusers makes of them.

../resources/pipelines/variants/adapted: control/ (a diffusers folder, float16), edges-1.png and edges-2.png (what it reads), style.safetensors (kohya's
names, U-Net and text encoder) and subject.safetensors (diffusers' names, attention alone).
../resources/pipelines/variants/adapted.safetensors: final latents and pictures of several runs; the metadata entry "cases" says of which.

Run after tiny_pipelines.py: python adapted_pipeline.py    (PyTorch 2.7.1, diffusers 0.42.1, transformers 5.23.0, peft 0.21.2)
"""

import json
import shutil

import torch
from diffusers import (
    ControlNetModel, StableDiffusionControlNetImg2ImgPipeline, StableDiffusionControlNetInpaintPipeline, StableDiffusionControlNetPAGPipeline,
    StableDiffusionControlNetPipeline, StableDiffusionPAGPipeline)
from PIL import Image, ImageDraw
from safetensors.torch import load_file, save_file

from tiny_clip_pipeline import build
from tiny_pipeline import OUT, enliven
from tiny_pipelines import last_latents, of_files

FOLDER = OUT / "variants" / "adapted"


def control(unet):
    torch.manual_seed(30)
    model = ControlNetModel.from_unet(unet, conditioning_embedding_out_channels=(8, 12, 16))
    model = enliven(model, torch.Generator().manual_seed(31))
    model.half().save_pretrained(FOLDER / "control")
    return ControlNetModel.from_pretrained(FOLDER / "control", torch_dtype=torch.float32).eval()


def edges(name, *lines):
    picture = Image.new("RGB", (32, 32))
    draw = ImageDraw.Draw(picture)
    for line in lines:
        draw.line(line, fill="white", width=2)
    picture.save(FOLDER / name)
    return picture


def draw(generator, *shape):
    return (torch.randn(shape, generator=generator) / shape[1] ** 0.5).half().float()


def loras(pipe):
    generator = torch.Generator().manual_seed(32)
    style, subject = {}, {}
    for name, module in pipe.unet.named_modules():
        if name.endswith(("attn1.to_q", "attn2.to_v", "ff.net.2", "proj_in", "0.conv1")):
            out, into = module.weight.shape[:2]
            kernel = list(module.weight.shape[2:])
            key = "lora_unet_" + name.replace(".", "_")
            style[f"{key}.lora_down.weight"] = draw(generator, 4, into, *kernel)
            style[f"{key}.lora_up.weight"] = draw(generator, out, 4, *[1] * len(kernel))
            style[f"{key}.alpha"] = torch.tensor(2.0)
        if name.endswith(("attn2.to_k", "attn1.to_out.0")):
            out, into = module.weight.shape
            subject[f"unet.{name}.lora_A.weight"] = draw(generator, 2, into)
            subject[f"unet.{name}.lora_B.weight"] = draw(generator, out, 2)
    for name, module in pipe.text_encoder.named_modules():
        if name.endswith(("q_proj", "v_proj", "fc1")):
            out, into = module.weight.shape
            key = "lora_te_text_model_" + name.replace(".", "_")
            style[f"{key}.lora_down.weight"] = draw(generator, 4, into)
            style[f"{key}.lora_up.weight"] = draw(generator, out, 4)
            style[f"{key}.alpha"] = torch.tensor(2.0)
    save_file(style, FOLDER / "style.safetensors")
    save_file(subject, FOLDER / "subject.safetensors")


@torch.no_grad()
def merge_into_text_encoder(encoder, weights, scale):
    """diffusers 0.42 does not find the text encoder's layers under the names that transformers 5 gives them."""
    for name, module in encoder.named_modules():
        key = "lora_te_text_model_" + name.replace(".", "_")
        if key + ".alpha" in weights:
            down, up = weights[key + ".lora_down.weight"], weights[key + ".lora_up.weight"]
            module.weight.add_(up @ down * (scale * weights[key + ".alpha"] / down.shape[0]))


CASES = [
    {"prompt": "a red apple", "steps": 4, "guidance_scale": 5.0, "seed": 0, "control": [["edges-1.png", 0.8, 0.0, 1.0]]},
    {"prompt": "a red apple", "steps": 5, "guidance_scale": 5.0, "seed": 1, "control": [["edges-1.png", 1.0, 0.2, 0.7]]},
    {"prompt": "a red apple", "steps": 3, "guidance_scale": 4.0, "seed": 2, "control": [["edges-2.png", 1.0, 0.0, 1.0]], "guess": True},
    {"prompt": "a cat", "negative_prompt": "ugly", "steps": 3, "guidance_scale": 5.0, "seed": 3,
     "control": [["edges-1.png", 0.7, 0.0, 0.5], ["edges-2.png", 0.4, 0.0, 1.0]]},
    {"prompt": "a red apple", "steps": 3, "guidance_scale": 1.0, "seed": 4, "control": [["edges-1.png", 1.0, 0.0, 1.0]]},
    {"prompt": "a red apple", "steps": 3, "guidance_scale": 5.0, "seed": 0, "lora": [["style", 1.0]]},
    {"prompt": "a red apple", "steps": 3, "guidance_scale": 5.0, "seed": 0, "lora": [["style", 0.6], ["subject", 1.2]]},
    {"prompt": "a red apple", "steps": 3, "guidance_scale": 5.0, "seed": 5, "lora": [["subject", 1.0]],
     "control": [["edges-2.png", 0.9, 0.0, 1.0]]},
    {"prompt": "a red apple", "steps": 5, "guidance_scale": 5.0, "seed": 6, "image": "../picture.png", "strength": 0.6,
     "control": [["edges-1.png", 1.0, 0.0, 0.5]]},
    {"prompt": "a red apple", "steps": 3, "guidance_scale": 5.0, "seed": 7, "pag_scale": 3.0, "control": [["edges-1.png", 0.8, 0.0, 1.0]]},
    {"prompt": "a red apple", "steps": 3, "guidance_scale": 5.0, "seed": 8, "pag_scale": 3.0, "lora": [["style", 0.8], ["subject", 1.0]]},
    {"prompt": "a red apple", "steps": 4, "guidance_scale": 5.0, "seed": 9, "image": "../odd.png", "strength": 0.8, "mask": "../spot.png",
     "padding_mask_crop": 6, "control": [["../odd.png", 1.0, 0.0, 1.0]]},
]


def run(net, case, output_type):
    pipe = build()
    arguments = {}
    if "pag_scale" in case and "control" not in case:
        pipe = StableDiffusionPAGPipeline(**pipe.components, requires_safety_checker=False)
    if "control" in case:
        files, scales, starts, ends = zip(*case["control"])
        pictures = [Image.open(FOLDER / file) for file in files]
        several = len(files) > 1
        kind = StableDiffusionControlNetImg2ImgPipeline if "image" in case else StableDiffusionControlNetPipeline
        kind = StableDiffusionControlNetPAGPipeline if "pag_scale" in case else kind
        pipe = kind(
            **pipe.components | {"controlnet": [net] * len(files) if several else net}, requires_safety_checker=False)
        arguments = {
            "image": pictures if several else pictures[0],
            "controlnet_conditioning_scale": list(scales) if several else scales[0],
            "control_guidance_start": list(starts) if several else starts[0],
            "control_guidance_end": list(ends) if several else ends[0],
            "guess_mode": case.get("guess", False)}
        if "mask" in case:
            pipe = StableDiffusionControlNetInpaintPipeline(**pipe.components, requires_safety_checker=False)
            arguments |= {"control_image": arguments["image"], "image": Image.open(FOLDER / case["image"]), "strength": case["strength"],
                          "mask_image": Image.open(FOLDER / case["mask"]), "padding_mask_crop": case["padding_mask_crop"], "width": 32, "height": 32}
        elif "image" in case:
            arguments |= {"control_image": arguments["image"], "image": Image.open(FOLDER / case["image"]).resize((32, 32), Image.LANCZOS),
                          "strength": case["strength"]}
    else:
        arguments = {"width": 32, "height": 32}
    if "pag_scale" in case:
        arguments |= {"pag_scale": case["pag_scale"]}
    for name, scale in case.get("lora", []):
        weights = load_file(FOLDER / f"{name}.safetensors")
        merge_into_text_encoder(pipe.text_encoder, {k: v for k, v in weights.items() if k.startswith("lora_te_")}, scale)
        pipe.load_lora_weights({k: v for k, v in weights.items() if not k.startswith("lora_te_")}, adapter_name=name)
    if "lora" in case:
        pipe.set_adapters([name for name, _ in case["lora"]], [scale for _, scale in case["lora"]])
    pipe.set_progress_bar_config(disable=True)
    arguments |= {
        "prompt": case["prompt"], "negative_prompt": case.get("negative_prompt"), "num_inference_steps": case["steps"],
        "guidance_scale": case["guidance_scale"], "generator": torch.Generator("cpu").manual_seed(case["seed"])}
    if "mask" in case:
        return last_latents(pipe, pipe.vae, arguments, "pil") if output_type == "latent" else of_files(pipe(**arguments).images)
    return pipe(**arguments, output_type=output_type).images


def main():
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    pipe = build()
    net = control(pipe.unet)
    edges("edges-1.png", (4, 4, 28, 6), (28, 6, 16, 28), (16, 28, 4, 4))
    edges("edges-2.png", (2, 16, 30, 16), (16, 2, 16, 30), (8, 8, 24, 24))
    loras(pipe)
    tensors = {}
    for i, case in enumerate(CASES):
        tensors[f"{i}.latents"] = run(net, case, "latent").contiguous()
        tensors[f"{i}.pictures"] = torch.from_numpy((run(net, case, "np") * 255).round().astype("uint8")).contiguous()
        plain = run(net, {k: v for k, v in case.items() if k not in ("control", "lora", "guess", "image", "mask")}, "latent")
        print(i, "latent std %.3f" % tensors[f"{i}.latents"].std(), "moved %.3f" % (tensors[f"{i}.latents"] - plain).std())
    save_file(tensors, FOLDER.with_name("adapted.safetensors"), metadata={"cases": json.dumps(CASES)})
    for file in list(FOLDER.rglob("*")) + [FOLDER.with_name("adapted.safetensors")]:
        if file.is_file():
            file.chmod(0o644)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
