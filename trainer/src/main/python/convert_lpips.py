"""Makes trainer/src/main/resources/dev/darkroom/trainer/loss/lpips-squeezenet.safetensors.

usage: python convert_lpips.py FOLDER OUT.safetensors

FOLDER holds squeezenet_v1.1.bin (SqueezeNet v1.1 in the container of keras-js, one byte a weight) and
lpips_squeeze_v0.1.pth (the linear heads of LPIPS v0.1). The bytes are kept as they are: each U8 tensor NAME has its
smallest and largest value in NAME.range, so weight = low + byte / 255 * (high - low). Kernels are turned from
[H, W, in, out] to PyTorch's [out, in, H, W], and the first one from BGR to RGB. The classifier is left out.
"""
import struct
import sys

import numpy as np
import torch
from safetensors.numpy import save_file


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def fields(data):
    """The (number, content) pairs of a protobuf message of strings and 32-bit values."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 2:
            length, at = varint(data, at)
        elif key & 7 == 5:
            length = 4
        else:
            raise ValueError(f"unexpected wire type {key & 7}")
        yield key >> 3, data[at : at + length]
        at += length


def dimensions(packed):
    at = 0
    while at < len(packed):
        value, at = varint(packed, at)
        yield value


def squeezenet(path):
    tensors = {}
    for number, weight in fields(open(path, "rb").read()):
        if number != 6:
            continue
        parts = dict(fields(weight))
        layer, name = parts[1].decode(), parts[2].decode()
        if layer == "conv10":
            continue
        values = np.frombuffer(parts[5], np.uint8).reshape(list(dimensions(parts[3])))
        low, high = (struct.unpack("<f", parts[n])[0] for n in (6, 7))
        key = layer.replace("/", ".") + (".weight" if "kernel" in name else ".bias")
        if values.ndim == 4:
            values = values.transpose(3, 2, 0, 1)
        if layer == "conv1" and values.ndim == 4:
            values = values[:, ::-1]
        tensors[key] = np.ascontiguousarray(values)
        tensors[key + ".range"] = np.array([low, high], np.float32)
    return tensors


def heads(path):
    state = torch.load(path, map_location="cpu", weights_only=True)
    return {
        f"lin{i}.weight": state[f"lin{i}.model.1.weight"].numpy().reshape(-1).astype(np.float32)
        for i in range(7)
    }


if __name__ == "__main__":
    folder, out = sys.argv[1:]
    tensors = squeezenet(f"{folder}/squeezenet_v1.1.bin") | heads(f"{folder}/lpips_squeeze_v0.1.pth")
    assert len(tensors) == 2 * 50 + 7, len(tensors)
    save_file(tensors, out, {"source": "SqueezeNet v1.1 (BSD), LPIPS v0.1 heads (BSD-2-Clause)"})
