"""Prints what LpipsTest expects, from the original files and PyTorch's own layers.

usage: python lpips_golden.py FOLDER   (with squeezenet_v1.1.bin and lpips_squeeze_v0.1.pth)
"""
import pathlib
import sys

import torch
import torch.nn.functional as F

sys.path.append(str(pathlib.Path(__file__).parents[2] / "main/python"))
from convert_lpips import heads, squeezenet

folder = sys.argv[1]
raw = squeezenet(f"{folder}/squeezenet_v1.1.bin")
lin = heads(f"{folder}/lpips_squeeze_v0.1.pth")


def weight(name):
    low, high = raw[name + ".range"].astype("float64")
    return torch.tensor(low + raw[name].astype("float64") / 255 * (high - low))


def conv(x, name, stride=1, padding=0):
    return F.relu(F.conv2d(x, weight(name + ".weight"), weight(name + ".bias"), stride, padding))


def fire(x, n):
    s = conv(x, f"fire{n}.squeeze1x1")
    return torch.cat([conv(s, f"fire{n}.expand1x1"), conv(s, f"fire{n}.expand3x3", padding=1)], 1)


def pool(x):
    return F.max_pool2d(x, 3, 2, ceil_mode=True)


def taps(x):
    x = 255 * (x + 1) / 2 - torch.tensor([123.0, 117.0, 104.0]).view(1, 3, 1, 1)
    h = conv(x, "conv1", 2)
    yield h
    for first in (2, 4):
        h = fire(fire(pool(h), first), first + 1)
        yield h
    h = pool(h)
    for n in range(6, 10):
        h = fire(h, n)
        yield h


def lpips(x, y):
    total = 0
    for i, (a, b) in enumerate(zip(taps(x), taps(y))):
        a, b = (t / (t.square().sum(1, keepdim=True).sqrt() + 1e-10) for t in (a, b))
        head = torch.tensor(lin[f"lin{i}.weight"], dtype=torch.float64).view(1, -1, 1, 1)
        total = total + ((a - b) ** 2 * head).sum(1).mean((1, 2))
    return total.mean()


i = torch.arange(2 * 3 * 40 * 48, dtype=torch.float64).view(2, 3, 40, 48)
x = torch.sin(i * 0.37).requires_grad_()
y = torch.cos(i * 0.011)
distance = lpips(x, y)
distance.backward()
print("distance", distance.item())
print("norm of the gradient", x.grad.norm().item())
