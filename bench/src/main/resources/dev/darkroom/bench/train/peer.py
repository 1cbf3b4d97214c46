"""The peer of the train benchmark: the same training in a plain PyTorch loop. Arguments: the recipe's config, threads.

Says {} when it is ready; makes one step for each line on its input and answers with its seconds and CPU seconds; at the end of the input
it tells its peak resident memory.
"""

import json
import os
import sys
import time

import torch
from diffusers import DDPMScheduler, UNet2DConditionModel

with open(sys.argv[1]) as file:
    config = json.load(file)
torch.set_num_threads(int(sys.argv[2]))
torch.set_default_device("cuda" if os.environ.get("DARKROOM_DEVICE") == "gpu" else "cpu")
torch.manual_seed(1)
rows = config["run"]["batch_size"]
unet = UNet2DConditionModel.from_config(config["model"]).train().to(torch.get_default_device())
parameters = list(unet.parameters())
averages = [p.detach().clone() for p in parameters]
optimizer = torch.optim.AdamW(parameters, config["optimizer"]["learning_rate"], (0.9, 0.99), weight_decay=0.01, fused=True)
noise_schedule = DDPMScheduler(beta_schedule="scaled_linear", beta_start=0.00085, beta_end=0.012, prediction_type="v_prediction")
noise_schedule.alphas_cumprod = noise_schedule.alphas_cumprod.to(torch.get_default_device())
snr = noise_schedule.alphas_cumprod / (1 - noise_schedule.alphas_cumprod)
latents, context = torch.randn(64, 8, 16, 16), torch.zeros(rows, 1, 384)


def step():
    x = latents[torch.randint(64, (rows,))]
    labels, t, noise = torch.randint(11, (rows,)), torch.randint(1000, (rows,)), torch.randn_like(x)
    predicted = unet(noise_schedule.add_noise(x, noise, t), t, context, class_labels=labels).sample
    errors = ((predicted - noise_schedule.get_velocity(x, noise, t)) ** 2).flatten(1).mean(1)
    loss = (errors * snr[t].clamp(max=5) / (snr[t] + 1)).mean()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(parameters, 1.0)
    optimizer.step()
    optimizer.zero_grad()
    with torch.no_grad():
        torch._foreach_lerp_(averages, parameters, 0.001)
    loss.item()


step()
print(json.dumps({}), flush=True)
for _ in sys.stdin:
    began, cpu = time.perf_counter(), time.process_time()
    step()
    print(json.dumps({"seconds": time.perf_counter() - began, "cpu_seconds": time.process_time() - cpu}), flush=True)
with open("/proc/self/status") as status:
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
print(json.dumps({"peak_kilobytes": peak}), flush=True)
