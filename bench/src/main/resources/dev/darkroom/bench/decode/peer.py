"""The peer of the decode benchmark: diffusers in eager mode. Arguments: the config, the latent's side, the tile's in pixels, threads.

Says {} when it is ready; decodes once for each line on its input and answers with its seconds and CPU seconds; at the end of the input
it tells its peak resident memory.
"""

import json
import sys
import time

import torch
from diffusers import AutoencoderKL

side, tile, threads = int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
torch.set_num_threads(threads)
with open(sys.argv[1]) as file:
    config = json.load(file)
if tile:
    config["sample_size"] = tile
vae = AutoencoderKL.from_config(config).eval()
if tile:
    vae.enable_tiling()
z = torch.randn(1, 4, side, side)


def step():
    with torch.no_grad():
        vae.decode(z)


step()
print("{}", flush=True)
for _ in sys.stdin:
    began, cpu = time.perf_counter(), time.process_time()
    step()
    print(json.dumps({"seconds": time.perf_counter() - began, "cpu_seconds": time.process_time() - cpu}), flush=True)
with open("/proc/self/status") as status:
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
print(json.dumps({"peak_kilobytes": peak}), flush=True)
