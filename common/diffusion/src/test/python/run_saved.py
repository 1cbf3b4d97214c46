"""Loads component folders that we wrote, as anybody would, and runs those that are there: python run_saved.py FOLDER.

Strict: a missing or unexpected key is an error. Answers in FOLDER/answers.safetensors.
"""

import pathlib
import sys

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from safetensors.torch import load_file, save_file
from transformers import BertModel

folder = pathlib.Path(sys.argv[1])
inputs = load_file(folder / "inputs.safetensors")


def loaded(kind, name):
    model, report = kind.from_pretrained(folder / name, output_loading_info=True, torch_dtype=torch.float32)
    assert not report["missing_keys"] and not report["unexpected_keys"] and not report["mismatched_keys"], report
    return model.eval()


answers = {}
with torch.no_grad():
    if (folder / "unet").exists():
        answers["unet"] = loaded(UNet2DConditionModel, "unet")(inputs["sample"], inputs["timestep"], inputs["context"]).sample
    if (folder / "vae").exists():
        answers["image"] = loaded(AutoencoderKL, "vae").decode(inputs["z"]).sample
    if (folder / "text_encoder").exists():
        answers["states"] = loaded(BertModel, "text_encoder")(inputs["ids"], attention_mask=inputs["mask"]).last_hidden_state
save_file({name: answer.contiguous() for name, answer in answers.items()}, folder / "answers.safetensors")
