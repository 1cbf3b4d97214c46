"""The peer of the unet benchmarks: diffusers in eager mode. Arguments: the config, rows, threads, the latent's side, dtype.

Says {"parameters": N} when it is ready; runs one step for each line on its input and answers with its seconds and CPU seconds; at the
end of the input it tells its peak resident memory.
"""

import json
import os
import sys
import time

import torch
from diffusers import UNet2DConditionModel

config, rows, threads, side, dtype = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), getattr(torch, sys.argv[5])
torch.set_num_threads(threads)
device = "cuda" if os.environ.get("DARKROOM_DEVICE") == "gpu" else "cpu"
torch.set_default_device(device)
with open(config) as file:
    unet = UNet2DConditionModel.from_config(json.load(file)).eval().to(device, dtype)
sample, context = torch.randn(rows, 4, side, side, dtype=dtype), torch.randn(rows, 77, unet.config.cross_attention_dim, dtype=dtype)
timestep = torch.full((rows,), 500)


def step():
    with torch.no_grad():
        unet(sample, timestep, encoder_hidden_states=context).sample.cpu()


step()
print(json.dumps({"parameters": sum(p.numel() for p in unet.parameters())}), flush=True)
for _ in sys.stdin:
    began, cpu = time.perf_counter(), time.process_time()
    step()
    print(json.dumps({"seconds": time.perf_counter() - began, "cpu_seconds": time.process_time() - cpu}), flush=True)
with open("/proc/self/status") as status:
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
print(json.dumps({"peak_kilobytes": peak}), flush=True)
