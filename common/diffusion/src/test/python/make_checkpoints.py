"""Makes src/test/resources/checkpoints/pickles: files of torch.save for the tests to read and to refuse.

    python make_checkpoints.py

Made with torch 2.7.1. Every file that can be read has a safetensors twin with what it must give.
"""

import collections
import io
import pathlib
import pickle
import struct
import sys
import zipfile

import numpy
import torch
from safetensors.torch import save_file

FOLDER = pathlib.Path(__file__).parent.parent / "resources" / "checkpoints" / "pickles"


def drawn(*shape, dtype=torch.float32):
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape))).to(dtype)


def tensors():
    base = drawn(6, 4)
    shared = drawn(10)
    return {
        "f64": drawn(3, dtype=torch.float64),
        "f32": base,
        "f16": drawn(2, 5, dtype=torch.float16),
        "bf16": drawn(7, dtype=torch.bfloat16),
        "i64": torch.tensor([1, -2, 2**40]),
        "i32": torch.tensor([1, -2, 3], dtype=torch.int32),
        "i8": torch.tensor([1, -2], dtype=torch.int8),
        "u8": torch.tensor([1, 255], dtype=torch.uint8),
        "bool": torch.tensor([True, False, True]),
        "scalar": torch.tensor(7.5),
        "empty": torch.zeros(0, 3),
        "transposed": base.t(),
        "column": base[:, 1],
        "stepped": base[1::2, ::3],
        "channels_last": drawn(2, 3, 4, 5).to(memory_format=torch.channels_last),
        "start": shared[:4],
        "end": shared[4:],
        "parameter": torch.nn.Parameter(drawn(2, 2)),
    }


class Evil:
    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


class Callback:
    """Stands for a class of a trainer, which a checkpoint names and nobody needs."""


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    state = collections.OrderedDict(tensors())
    state._metadata = collections.OrderedDict({"": {"version": 1}})
    expected = {k: v.detach().clone().contiguous() for k, v in state.items()}
    save_file(expected, FOLDER / "expected.safetensors")
    torch.save(state, FOLDER / "zip.pth")
    torch.save(state, FOLDER / "legacy.pth", _use_new_zipfile_serialization=False)

    # As trainers write them: a state_dict among other things, which name classes that are not here.
    Callback.__module__, Callback.__qualname__ = "pytorch_lightning.callbacks.model_checkpoint", "ModelCheckpoint"
    Callback.__name__ = "ModelCheckpoint"
    module = type(sys)("pytorch_lightning.callbacks.model_checkpoint")
    module.ModelCheckpoint = Callback
    for name in ("pytorch_lightning", "pytorch_lightning.callbacks"):
        sys.modules[name] = type(sys)(name)
    sys.modules[module.__name__] = module
    trained = {
        "epoch": 3,
        "global_step": 875000,
        "pytorch-lightning_version": "1.4.2",
        "state_dict": state,
        "optimizer_states": [{"state": {0: {"exp_avg": drawn(4)}}, "lr": numpy.float64(1e-4), "short": drawn(3).to(torch.int16)}],
        "callbacks": {Callback: {"best_model_score": drawn(1)[0], "hook": Callback()}},
        "lr_schedulers": [],
    }
    torch.save(trained, FOLDER / "trained.ckpt")
    for protocol in (3, 4, 5):
        torch.save({"x": drawn(3), "nested": {"y": drawn(2)}, "n": 2**70, "t": (1.5, None, b"x", {1, 2})}, FOLDER / f"protocol{protocol}.pt", pickle_protocol=protocol)

    # To be refused, by name.
    import os

    torch.save({"state_dict": {"x": drawn(2)}, "evil": Evil(os.system, "echo pwned")}, FOLDER / "evil-zip.ckpt")
    torch.save({"x": drawn(2), "evil": Evil(eval, "1+1")}, FOLDER / "evil-legacy.ckpt", _use_new_zipfile_serialization=False)
    (FOLDER / "evil-plain.ckpt").write_bytes(pickle.dumps(Evil(os.system, "echo pwned"), protocol=4))
    torch.save({"x": drawn(2).to(torch.int16)}, FOLDER / "int16.pt")
    torch.save([drawn(2)], FOLDER / "list.pt")
    torch.save({"x": drawn(1).expand(100_000, 100_000)}, FOLDER / "expanded.pt")
    with zipfile.ZipFile(FOLDER / "zip.pth") as source, zipfile.ZipFile(FOLDER / "deflated.pth", "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            target.writestr(entry.filename, source.read(entry))


main()
