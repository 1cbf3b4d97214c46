"""Writes LoRAs for both text encoders and the U-Net of the tiny Stable Diffusion XL, and what diffusers makes of them.

../resources/pipelines/variants/xl-adapted: kohya.safetensors (kohya's names, an alpha and a rank of each component's own), peft.safetensors (as diffusers
saves one, PEFT's configs in its notes) and older.safetensors (the text encoders as diffusers named them before PEFT).
../resources/pipelines/variants/xl-adapted.safetensors: final latents and pictures of several runs; the metadata entry "cases" says of which.

Run after tiny_pipelines.py: python adapted_xl_pipeline.py    (PyTorch 2.7.1, diffusers 0.42.1, transformers 5.23.0, peft 0.21.2)
"""

import json
import pathlib
import shutil
import tempfile

import torch
import transformers
from diffusers import StableDiffusionXLPipeline
from diffusers.training_utils import _collate_lora_metadata
from peft import LoraConfig, get_peft_model_state_dict
from safetensors.torch import load_file, save_file

from adapted_pipeline import draw
from tiny_pipeline import OUT
from tiny_pipelines import CLIPTextModel, VARIANTS, bases

FOLDER = VARIANTS / "xl-adapted"
# Whether it has this attribute tells diffusers' loader of LoRAs how transformers names the layers.
del CLIPTextModel.text_model

COMPVIS = {"down_blocks_0_attentions_0": "input_blocks_1_1", "mid_block_attentions_0": "middle_block_1", "up_blocks_1_attentions_1": "output_blocks_3_1"}


def assemble(folder):
    for source in (OUT / "tiny" / "unet", OUT / "tiny" / "vae", *bases("xl"), VARIANTS / "xl"):
        shutil.copytree(source, folder / source.name if source.parent.name == "tiny" else folder, dirs_exist_ok=True)


def text_layers(encoder, *ends):
    for name, module in encoder.named_modules():
        if name.endswith(ends):
            yield "text_model." + name.removeprefix("text_model."), module


def kohya(pipe):
    generator = torch.Generator().manual_seed(50)
    tensors = {}

    def add(key, module, rank, alpha):
        out, into = module.weight.shape
        tensors[f"{key}.lora_down.weight"] = draw(generator, rank, into)
        tensors[f"{key}.lora_up.weight"] = draw(generator, out, rank)
        tensors[f"{key}.alpha"] = torch.tensor(float(alpha))

    for name, module in pipe.unet.named_modules():
        place = next((place for place in COMPVIS if name.replace(".", "_").startswith(place)), None)
        if place and name.endswith(("attn1.to_q", "attn2.to_k", "attn2.to_out.0", "proj_out")):
            add("lora_unet_" + name.replace(".", "_").replace(place, COMPVIS[place]), module, 4, 2)
    for prefix, encoder, rank, alpha in (("lora_te1_", pipe.text_encoder, 2, 3), ("lora_te2_", pipe.text_encoder_2, 3, 2)):
        for name, module in text_layers(encoder, "q_proj", "out_proj", "fc1", "fc2"):
            add(prefix + name.replace(".", "_"), module, rank, alpha)
    save_file(tensors, FOLDER / "kohya.safetensors")


def peft(pipe):
    generator = torch.Generator().manual_seed(51)
    settings = {
        "unet": LoraConfig(r=2, lora_alpha=4, target_modules=["to_v", "ff.net.0.proj"]),
        "text_encoder": LoraConfig(r=3, lora_alpha=2, target_modules=["k_proj", "v_proj", "fc2"]),
        "text_encoder_2": LoraConfig(r=2, lora_alpha=5, use_rslora=True, target_modules=["k_proj", "fc1", "text_projection"])}
    parts = {name: getattr(pipe, name) for name in settings}
    for name, part in parts.items():
        part.add_adapter(settings[name])
        with torch.no_grad():
            for key, parameter in part.named_parameters():
                if "lora_" in key:
                    parameter.copy_(draw(generator, *parameter.shape))
    StableDiffusionXLPipeline.save_lora_weights(
        FOLDER, weight_name="peft.safetensors", **{f"{name}_lora_layers": get_peft_model_state_dict(part) for name, part in parts.items()},
        **_collate_lora_metadata(parts))


def older(pipe):
    generator = torch.Generator().manual_seed(52)
    tensors = {}
    for part in ("text_encoder", "text_encoder_2"):
        for name, module in text_layers(getattr(pipe, part), "q_proj", "k_proj", "v_proj", "out_proj"):
            out, into = module.weight.shape
            path = f"{part}.{name.replace('q_proj', 'to_q').replace('k_proj', 'to_k').replace('v_proj', 'to_v').replace('out_proj', 'to_out')}_lora"
            if part == "text_encoder_2":  # from 0.20 on
                path = f"{part}.{name}.lora_linear_layer"
            tensors[f"{path}.down.weight"] = draw(generator, 2, into)
            tensors[f"{path}.up.weight"] = draw(generator, out, 2)
    save_file(tensors, FOLDER / "older.safetensors")


CASES = [
    {"prompt": "a red apple", "steps": 3, "guidance_scale": 5.0, "seed": 0, "lora": [["kohya", 1.0]]},
    {"prompt": "a red apple", "negative_prompt": "ugly", "steps": 3, "guidance_scale": 5.0, "seed": 1, "lora": [["peft", 0.7]]},
    {"prompt": "a red apple", "steps": 3, "guidance_scale": 3.0, "seed": 2, "lora": [["older", 1.0]]},
    {"prompt": "a red apple", "steps": 3, "guidance_scale": 5.0, "seed": 3, "clip_skip": 1, "lora": [["kohya", 0.6], ["peft", 1.0], ["older", -0.5]]},
]


def run(folder, case, output_type, parts=None):
    pipe = StableDiffusionXLPipeline.from_pretrained(folder, torch_dtype=torch.float32)
    pipe.set_progress_bar_config(disable=True)
    for name, _ in case["lora"]:
        chosen = FOLDER / f"{name}.safetensors"
        if parts is not None:
            chosen = {k: v for k, v in load_file(chosen).items() if k.startswith(parts)}
            if not chosen:
                continue
        pipe.load_lora_weights(chosen, adapter_name=name)
    here = {name for names in pipe.get_list_adapters().values() for name in names}
    loaded = [(name, scale) for name, scale in case["lora"] if name in here]
    if loaded:
        pipe.set_adapters([name for name, _ in loaded], [scale for _, scale in loaded])
    return pipe(
        prompt=case["prompt"], negative_prompt=case.get("negative_prompt"), num_inference_steps=case["steps"], guidance_scale=case["guidance_scale"],
        clip_skip=case.get("clip_skip"), width=32, height=32, generator=torch.Generator("cpu").manual_seed(case["seed"]), output_type=output_type).images


def main():
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    tensors = {}
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        assemble(folder)
        for make in (kohya, peft, older):
            make(StableDiffusionXLPipeline.from_pretrained(folder, torch_dtype=torch.float32))
        for i, case in enumerate(CASES):
            tensors[f"{i}.latents"] = run(folder, case, "latent").contiguous()
            tensors[f"{i}.pictures"] = torch.from_numpy((run(folder, case, "np") * 255).round().astype("uint8")).contiguous()
            moved = {
                left: "%.3f" % (tensors[f"{i}.latents"] - run(folder, case, "latent", parts)).std()
                for left, parts in {
                    "unet": ("lora_te", "text_encoder"), "first": ("lora_unet", "unet", "lora_te2_", "text_encoder_2."),
                    "second": ("lora_unet", "unet", "lora_te1_", "text_encoder.")}.items()}
            print(i, "latent std %.3f" % tensors[f"{i}.latents"].std(), "moved by", moved)
    save_file(tensors, FOLDER.with_name("xl-adapted.safetensors"), metadata={"cases": json.dumps(CASES)})
    for file in [*FOLDER.iterdir(), FOLDER.with_name("xl-adapted.safetensors")]:
        file.chmod(0o644)


if __name__ == "__main__":
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()  # it warns of each layer without a change
    main()
