"""Writes what makes the tiny pipeline a Stable Diffusion 1 with CLIP, and what diffusers makes of it.

../resources/pipelines/clip: model_index.json, text_encoder, tokenizer and scheduler; the U-Net and the autoencoder are those of ../tiny.
../resources/pipelines/clip-things.safetensors: an embedding of three vectors as textual inversion learns them, with its token as the key;
clip-things.pt: the same as A1111 saves it.
../resources/pipelines/clip.safetensors: final latents and pictures of several runs; the metadata entry "cases" says of which. And the states
of prompts with weights and of long ones, entry "prompts": here they are computed from given tokens and weights, as ComfyUI and A1111 do it.

Run after tiny_pipeline.py and tokenizers_goldens.py: python tiny_clip_pipeline.py    (PyTorch 2.7.1, diffusers 0.42.1, transformers 5.23.0)
"""

import json
import pathlib
import shutil
import tempfile

import diffusers
import torch
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from safetensors.torch import load_file, save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from tiny_pipeline import OUT, enliven

THING = "<thing>"
# diffusers 0.42 asks for this when it skips layers; transformers 5 has dropped it.
CLIPTextModel.text_model = property(lambda self: self)


def build():
    torch.manual_seed(20)
    text_encoder = CLIPTextModel(CLIPTextConfig(
        vocab_size=914, hidden_size=32, intermediate_size=48, num_hidden_layers=3, num_attention_heads=4, max_position_embeddings=77,
        hidden_act="quick_gelu", eos_token_id=2, bos_token_id=0, pad_token_id=1, initializer_factor=8.0))
    tokenizer = CLIPTokenizer.from_pretrained(OUT.parent / "tokenizers" / "clip", pad_token="<|endoftext|>")
    scheduler = DDIMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False, set_alpha_to_one=False, steps_offset=1)
    return StableDiffusionPipeline(
        vae=AutoencoderKL.from_pretrained(OUT / "tiny" / "vae", torch_dtype=torch.float32),
        unet=UNet2DConditionModel.from_pretrained(OUT / "tiny" / "unet", torch_dtype=torch.float32),
        text_encoder=enliven(text_encoder, torch.Generator().manual_seed(21)), tokenizer=tokenizer, scheduler=scheduler, safety_checker=None,
        feature_extractor=None, requires_safety_checker=False)


LONG = ", ".join(["a quiet harbour at dawn", "boats of red and blue", "soft light on the water", "a man with a hat"] * 6)

CASES = [
    {"prompt": "a red apple", "steps": 4, "guidance_scale": 5.0, "seed": 0},
    {"prompt": "A photo of the (moon), 3D!", "negative_prompt": "ugly, blurry", "steps": 5, "guidance_scale": 7.5, "seed": 1},
    {"prompt": "a red apple", "steps": 3, "guidance_scale": 5.0, "seed": 2, "clip_skip": 1},
    {"prompt": "a red apple", "steps": 3, "guidance_scale": 5.0, "seed": 2, "clip_skip": 2},
    {"prompt": LONG, "steps": 3, "guidance_scale": 4.0, "seed": 3, "scheduler": "EulerDiscreteScheduler"},
    {"prompt": "", "steps": 2, "guidance_scale": 1.0, "seed": 4},
    {"prompt": f"a photo of {THING} by the sea, no{THING}", "steps": 3, "guidance_scale": 5.0, "seed": 5, "inversion": True},
]


def run(pipe, case, output_type):
    if "scheduler" in case:
        pipe.scheduler = getattr(diffusers, case["scheduler"]).from_config(pipe.scheduler.config)
    return pipe(
        prompt=case["prompt"], negative_prompt=case.get("negative_prompt"), num_inference_steps=case["steps"], guidance_scale=case["guidance_scale"],
        generator=torch.Generator("cpu").manual_seed(case["seed"]), clip_skip=case.get("clip_skip"), output_type=output_type).images


@torch.no_grad()
def states(pipe, chunks, rule):
    """chunks: of (text, weight) pieces each, framed, padded and encoded alone; then joined."""
    tokenizer, encoder = pipe.tokenizer, pipe.text_encoder
    bos, eos = tokenizer.bos_token_id, tokenizer.eos_token_id
    empty = encoder(torch.tensor([[bos] + [eos] * 76])).last_hidden_state
    parts = []
    for chunk in chunks:
        ids, weights = [bos], [1.0]
        for text, weight in chunk:
            piece = tokenizer(text, add_special_tokens=False)["input_ids"]
            ids += piece
            weights += [weight] * len(piece)
        weights += [1.0] * (77 - len(ids))
        ids += [eos] * (77 - len(ids))
        z, w = encoder(torch.tensor([ids])).last_hidden_state, torch.tensor(weights)[None, :, None]
        if rule == "a1111":
            mean = z.mean()
            z = z * w
            z = z * (mean / z.mean())
        else:
            z = torch.where(w == 1, z, (z - empty) * w + empty)
        parts.append(z)
    return torch.cat(parts, 1)[0]


MANY = "one two three four five six seven eight nine ten, "

PROMPTS = [
    {"syntax": "a1111", "prompt": "a (red:1.3) apple in [dark] ((night))", "chunks": [
        [["a ", 1.0], ["red", 1.3], [" apple in ", 1.0], ["dark", 1 / 1.1], [" ", 1.0], ["night", 1.1 * 1.1]]]},
    {"syntax": "a1111", "prompt": "a cat BREAK (a dog:0.5)", "chunks": [[["a cat", 1.0]], [["a dog", 0.5]]]},
    {"syntax": "a1111", "prompt": "a \\(cat\\)", "chunks": [[["a (cat)", 1.0]]]},
    {"syntax": "comfy", "prompt": "a (red:1.3) apple (in (the:0.4) dark)", "chunks": [
        [["a", 1.0], ["red", 1.3], ["apple", 1.0], ["in", 1.1], ["the", 0.4], ["dark", 1.1]]]},
    {"syntax": "comfy", "prompt": "((night)) \\(1\\) (x:y)", "chunks": [[["night", 1.1 * 1.1], ["(1)", 1.0], ["x:y", 1.1]]]},
]


def save_a1111(vectors):
    """The same as A1111 saves it; its parameter has gradients."""
    torch.save(
        {"string_to_token": {"*": 265}, "string_to_param": {"*": torch.nn.Parameter(vectors)}, "name": "thing-of-a1111", "step": 4,
         "sd_checkpoint": None, "sd_checkpoint_name": None}, OUT / "clip-things.pt")


def main():
    folder = OUT / "clip"
    shutil.rmtree(folder, ignore_errors=True)
    pipe = build()
    with tempfile.TemporaryDirectory() as scratch:
        whole = pathlib.Path(scratch)
        pipe.save_pretrained(whole)
        weights = whole / "text_encoder" / "model.safetensors"
        save_file({"text_model." + k: v.half() for k, v in load_file(weights).items()}, weights, metadata={"format": "pt"})
        for part in ("text_encoder", "scheduler"):
            shutil.copytree(whole / part, folder / part)
        shutil.copy(whole / "model_index.json", folder)
        # As published folders hold it.
        shutil.copytree(OUT.parent / "tokenizers" / "clip", folder / "tokenizer")
        specials = folder / "tokenizer" / "special_tokens_map.json"
        specials.write_text(json.dumps(json.loads(specials.read_text()) | {"pad_token": "<|endoftext|>"}, indent=2) + "\n")
        shutil.rmtree(whole / "tokenizer")
        shutil.copytree(folder / "tokenizer", whole / "tokenizer")

        vectors = torch.randn(3, 32, generator=torch.Generator().manual_seed(22)) * 0.2
        save_file({THING: vectors}, OUT / "clip-things.safetensors")
        save_a1111(vectors)
        tensors = {}
        for i, case in enumerate(CASES):
            pipe = StableDiffusionPipeline.from_pretrained(whole, torch_dtype=torch.float32)
            pipe.set_progress_bar_config(disable=True)
            if case.get("inversion"):
                pipe.load_textual_inversion(OUT / "clip-things.safetensors")
            latents = run(pipe, case, "latent")
            tensors[f"{i}.latents"] = latents.contiguous()
            tensors[f"{i}.pictures"] = torch.from_numpy((run(pipe, case, "np") * 255).round().astype("uint8")).contiguous()
            print(i, tuple(latents.shape), "latent std %.3f" % latents.std())
        pipe = StableDiffusionPipeline.from_pretrained(whole, torch_dtype=torch.float32)
        for i, prompt in enumerate(PROMPTS):
            tensors[f"prompts.{i}"] = states(pipe, prompt["chunks"], prompt["syntax"]).contiguous()
    save_file(tensors, OUT / "clip.safetensors", metadata={"cases": json.dumps(CASES), "prompts": json.dumps(PROMPTS)})
    for file in list(folder.rglob("*")) + list(OUT.glob("clip*.*")):
        if file.is_file():
            file.chmod(0o644)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
