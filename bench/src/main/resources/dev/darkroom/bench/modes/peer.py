"""The peer of the modes benchmark: diffusers in eager mode. Arguments: a diffusers folder, steps, the picture's side, threads.

Says in one line the median CPU time of a step, the first left out, and its peak resident memory. Where the text encoder or tokenizer is
not what StableDiffusionPipeline knows, it passes random states of the right shape and holds the encoder all the same.
"""

import json
import statistics
import sys
import time

import torch
from diffusers import DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel, AutoencoderKL
from transformers import AutoModel, CLIPTextModel

folder, steps, side, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
torch.set_num_threads(threads)
with open(folder + "/text_encoder/config.json") as file:
    architecture = json.load(file)["architectures"][0]
kind = CLIPTextModel if architecture == "CLIPTextModel" else AutoModel
text_encoder = kind.from_pretrained(folder, subfolder="text_encoder", torch_dtype=torch.float32).eval()
pipeline = StableDiffusionPipeline(
    vae=AutoencoderKL.from_pretrained(folder, subfolder="vae"),
    unet=UNet2DConditionModel.from_pretrained(folder, subfolder="unet"),
    text_encoder=text_encoder,
    tokenizer=None,
    scheduler=DDIMScheduler.from_pretrained(folder, subfolder="scheduler"),
    safety_checker=None,
    feature_extractor=None,
    requires_safety_checker=False,
)
ends = []


def ended(pipeline, step, timestep, kwargs):
    ends.append(time.process_time())
    return kwargs


with torch.no_grad():
    length = 77 if kind is CLIPTextModel else 24
    states = [text_encoder(torch.full((1, length), 7))[0] for _ in range(2)]
    pipeline(
        prompt_embeds=states[0],
        negative_prompt_embeds=states[1],
        num_inference_steps=steps,
        guidance_scale=5,
        height=side,
        width=side,
        callback_on_step_end=ended,
    )
with open("/proc/self/status") as status:
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
each = [after - before for before, after in zip(ends, ends[1:])]
print(json.dumps({"cpu_seconds_per_step": round(statistics.median(each), 3), "peak_mb": peak // 1024}))
