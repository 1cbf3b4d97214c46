"""Makes src/test/resources/adapters/lycoris.safetensors: LoHa and LoKr of every form, and in goldens/lycoris what a small U-Net makes of them
by PEFT's functions for their products.

    python lycoris_goldens.py

The model's weights are drawn as make_goldens.py says. Made with torch 2.7.1, diffusers 0.42.1, peft 0.21.2.
"""

import torch
from peft.tuners.loha.layer import make_weight as loha
from peft.tuners.loha.layer import make_weight_cp as loha_tucker
from peft.tuners.lokr.layer import make_kron, make_weight_cp

from lora_goldens import SD1, inputs, merged, predict, save, unet
from make_goldens import write

BLOCK = "down_blocks.0.attentions.0.transformer_blocks.0."
LOHA = {  # rank, alpha, with a core
    BLOCK + "attn1.to_q": (3, 2, False),
    BLOCK + "attn2.to_k": (2, None, False),
    "down_blocks.0.attentions.0.proj_in": (2, 5, False),
    "down_blocks.0.resnets.0.conv1": (3, 2, False),
    "down_blocks.1.resnets.0.conv1": (2, 3, True),
}
LOKR = {  # (out1, in1), rank of the first or None, rank of the second or None, alpha, with a core
    BLOCK + "attn1.to_v": ((4, 2), None, None, 7, False),
    BLOCK + "attn2.to_v": ((2, 4), None, 3, 2, False),
    BLOCK + "ff.net.2": ((4, 4), 2, 3, 5, False),
    BLOCK + "attn1.to_k": ((4, 4), 2, None, 3, False),
    "down_blocks.0.resnets.0.conv2": ((2, 4), None, None, 2, False),
    "down_blocks.0.downsamplers.0.conv": ((4, 2), None, 3, 2, False),
    "down_blocks.1.resnets.0.conv2": ((2, 2), None, 2, 1, True),
}


def drawn(name, *shape):
    generator = torch.Generator().manual_seed(sum(map(ord, name)))
    return torch.randn(shape, generator=generator)


def hada(name, weight, rank, alpha, core):
    out, into = weight.shape[:2]
    scale = torch.tensor(1.0 if alpha is None else alpha / rank)
    if core:
        t1, t2 = (drawn(name + k, rank, rank, *weight.shape[2:]) for k in ("t1", "t2"))
        parts = [drawn(name + k, rank, n) * 0.3 for k, n in (("1a", out), ("1b", into), ("2a", out), ("2b", into))]
        product = loha_tucker(t1, parts[0], parts[1], t2, parts[2], parts[3], scale)
        tensors = {"hada_t1": t1, "hada_t2": t2}
    else:
        taps = weight[0].numel()
        parts = [drawn(name + k, *shape) * 0.3 for k, shape in (("1a", (out, rank)), ("1b", (rank, taps)), ("2a", (out, rank)), ("2b", (rank, taps)))]
        product = loha(*parts, scale)
        tensors = {}
    tensors |= dict(zip(("hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b"), parts))
    if alpha is not None:
        tensors["alpha"] = torch.tensor(float(alpha))
    return tensors, product.reshape(weight.shape)


def lokr(name, weight, first, rank1, rank2, alpha, core):
    out2, in2 = weight.shape[0] // first[0], weight.shape[1] // first[1]
    kernel = weight.shape[2:]
    tensors = {"alpha": torch.tensor(float(alpha))}
    if rank1 is None:
        w1 = tensors["lokr_w1"] = drawn(name + "1", *first) * 0.3
    else:
        a, b = tensors["lokr_w1_a"], tensors["lokr_w1_b"] = drawn(name + "1a", first[0], rank1) * 0.3, drawn(name + "1b", rank1, first[1])
        w1 = a @ b
    if core:
        t, a, b = drawn(name + "t", rank2, rank2, *kernel), drawn(name + "2a", rank2, out2) * 0.3, drawn(name + "2b", rank2, in2)
        tensors |= {"lokr_t2": t, "lokr_w2_a": a, "lokr_w2_b": b}
        w2 = make_weight_cp(t, a, b)
    elif rank2 is None:
        w2 = tensors["lokr_w2"] = drawn(name + "2", out2, in2, *kernel) * 0.3
    else:
        taps = in2 * torch.Size(kernel).numel()
        a, b = tensors["lokr_w2_a"], tensors["lokr_w2_b"] = drawn(name + "2a", out2, rank2) * 0.3, drawn(name + "2b", rank2, taps)
        w2 = a @ b
    rank = rank2 or rank1  # alpha is over the rank of what is decomposed, and says nothing where nothing is
    return tensors, make_kron(w1, w2, alpha / rank if rank else 1.0).reshape(weight.shape)


def main():
    model = unet(SD1)
    given = inputs(SD1)
    tensors, products = {}, {}
    for kind, layers in ((hada, LOHA), (lokr, LOKR)):
        for name, settings in layers.items():
            files, products[name] = kind(name, model.get_submodule(name).weight, *settings)
            tensors |= {f"lora_unet_{name.replace('.', '_')}.{k}": v for k, v in files.items()}
    save("lycoris.safetensors", tensors, {"ss_network_module": "lycoris.kohya"})
    expected = {f"lycoris.{strength}": predict(merged(model, products, strength), given) for strength in (1.0, 0.6)}
    write("lycoris", SD1, given | {"plain": predict(model, given)} | expected, model)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
