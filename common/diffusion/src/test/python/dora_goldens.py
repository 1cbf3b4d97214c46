"""Makes src/test/resources/adapters/*dora*.safetensors: DoRA (Liu et al. 2024) in the names of PEFT and kohya, and in goldens/dora what diffusers, PEFT or
the paper's formula make of a small U-Net and text encoder with them.

    python dora_goldens.py

The models' weights are drawn as make_goldens.py says. Made with torch 2.7.1, diffusers 0.42.1, peft 0.21.2, transformers 5.23.0.
"""

import copy

import torch
from diffusers import StableDiffusionPipeline
from diffusers.training_utils import _collate_lora_metadata
from peft import LoraConfig, get_peft_model_state_dict

from lora_goldens import FILES, IDS, SD1, change, encode, factor, inputs, predict, save, text_encoder, unet
from lycoris_goldens import hada
from make_goldens import write

BLOCK = "down_blocks.0.attentions.0.transformer_blocks.0."


def magnitude(name, weight):
    """Trained away from the norms of the weight that it began as."""
    norm = weight.flatten(1).norm(dim=1)
    return norm * (1 + 0.3 * torch.randn(norm.shape, generator=torch.Generator().manual_seed(sum(map(ord, name)) + 1)))


@torch.no_grad()
def fill(owner):
    for name, module in owner.named_modules():
        if hasattr(module, "lora_magnitude_vector"):
            for kind, layers in ((".down", module.lora_A), (".up", module.lora_B)):
                weight = layers["default"].weight
                weight.copy_(factor(name + kind, *weight.shape))
            kept = module.lora_magnitude_vector["default"].weight
            kept.copy_(magnitude(name, module.base_layer.weight).view(kept.shape))


def peft():
    """PEFT's names, as diffusers saves them; models that carry it."""
    model, encoder = unet(SD1), text_encoder()
    model.add_adapter(LoraConfig(
        r=3, lora_alpha=5, use_dora=True, target_modules=["to_q", "to_v", "to_out.0", "conv1", "conv_shortcut", "downsamplers.0.conv", "ff.net.2"]))
    bare = encoder.text_model
    bare.add_adapter(LoraConfig(r=2, lora_alpha=2, use_dora=True, target_modules=["q_proj", "fc2"]))
    fill(model)
    fill(bare)
    StableDiffusionPipeline.save_lora_weights(
        FILES, unet_lora_layers=get_peft_model_state_dict(model), text_encoder_lora_layers=get_peft_model_state_dict(bare),
        weight_name="peft-dora.safetensors", **_collate_lora_metadata({"unet": model, "text_encoder": bare}))
    (FILES / "peft-dora.safetensors").chmod(0o644)
    print("peft-dora.safetensors", (FILES / "peft-dora.safetensors").stat().st_size)
    return model.eval(), encoder.eval()


def kohya():
    """kohya's names; diffusers leaves dora_scale out, so it gets the same in PEFT's: returned."""
    model = unet(SD1)
    tensors, renamed = {}, {}
    for name in (BLOCK + "attn1.to_k", BLOCK + "attn2.to_out.0", "down_blocks.0.attentions.0.proj_in", "mid_block.attentions.0.transformer_blocks.0.ff.net.2",
                 "down_blocks.0.resnets.0.conv2", "down_blocks.0.resnets.0.time_emb_proj", "up_blocks.1.resnets.0.conv1"):
        weight = model.get_submodule(name).weight
        files, _ = change(name, model.get_submodule(name), 3, 2)
        files["dora_scale"] = magnitude(name, weight).view(-1, *[1] * (weight.dim() - 1))
        tensors |= {f"lora_unet_{name.replace('.', '_')}.{k}": v for k, v in files.items()}
        scale = files["alpha"] / files["lora_down.weight"].shape[0]
        kept = files["dora_scale"].flatten()
        renamed |= {
            f"unet.{name}.lora_A.weight": files["lora_down.weight"], f"unet.{name}.lora_B.weight": files["lora_up.weight"] * scale,
            f"unet.{name}.lora_magnitude_vector": kept if weight.dim() == 2 else kept.view(1, -1, 1, 1)}
    save("kohya-dora.safetensors", tensors)
    return renamed


@torch.no_grad()
def lycoris(strength):
    """What LyCORIS decomposes besides, and a layer left whole beside it; by the formula."""
    model = unet(SD1)
    tensors = {}
    for name, make in {
        BLOCK + "attn1.to_q": lambda name, module: hada(name, module.weight, 2, 3, False),
        "down_blocks.1.resnets.0.conv1": lambda name, module: change(name, module, 2, 3, True),
        BLOCK + "attn2.to_k": lambda name, module: change(name, module, 2, 3),
    }.items():
        module = model.get_submodule(name)
        files, product = make(name, module)
        kept = magnitude(name, module.weight).view(-1, *[1] * (module.weight.dim() - 1))
        module.weight.add_(product * strength)
        if "to_k" not in name:
            files["dora_scale"] = kept
            module.weight.mul_(kept / module.weight.flatten(1).norm(dim=1).view_as(kept))
        tensors |= {f"lora_unet_{name.replace('.', '_')}.{k}": v for k, v in files.items()}
    return tensors, model


def loaded(model, *adapters):
    """With diffusers' own loader, each a file or its tensors, and how strongly it acts; in this order."""
    model = copy.deepcopy(model)
    for i, (given, _) in enumerate(adapters):
        state, alphas, metadata = StableDiffusionPipeline.lora_state_dict(
            dict(given) if isinstance(given, dict) else FILES / given, unet_config=model.config, return_lora_metadata=True)
        StableDiffusionPipeline.load_lora_into_unet(
            {k: v for k, v in state.items() if k.startswith("unet.")}, alphas if metadata is None else None, model, adapter_name=f"adapter_{i}", metadata=metadata)
    model.set_adapters([f"adapter_{i}" for i in range(len(adapters))], [strength for _, strength in adapters])
    return model.eval()


def main():
    model, encoder = unet(SD1), text_encoder()
    given = inputs(SD1)
    tensors = given | {"input_ids": IDS, "plain": predict(model, given), "plain.text": encode(encoder)}
    with_peft, encoder_with_peft = peft()
    tensors |= {"peft-dora.1.0": predict(with_peft, given), "peft-dora.text": encode(encoder_with_peft)}
    renamed = kohya()
    tensors["peft-dora.0.6"] = predict(loaded(model, ("peft-dora.safetensors", 0.6)), given)
    for strength in (1.0, 0.6):
        tensors[f"kohya-dora.{strength}"] = predict(loaded(model, (renamed, strength)), given)
        lycoris_files, changed = lycoris(strength)
        tensors[f"lycoris-dora.{strength}"] = predict(changed, given)
    save("lycoris-dora.safetensors", lycoris_files)
    # A plain LoRA of some of the same layers before a DoRA is decomposed with the layer; after it, it is added to it.
    tensors["before"] = predict(loaded(model, ("processor.safetensors", 0.8), ("peft-dora.safetensors", 0.6)), given)
    tensors["after"] = predict(loaded(model, ("peft-dora.safetensors", 0.6), ("processor.safetensors", 0.8)), given)
    for key in ("peft-dora.1.0", "peft-dora.0.6", "kohya-dora.1.0", "kohya-dora.0.6", "lycoris-dora.1.0", "before", "after"):
        print(key, "moved %.3f" % (tensors[key] - tensors["plain"]).std())
    print("order moved %.3f" % (tensors["before"] - tensors["after"]).std())
    write("dora", SD1, tensors, model)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
