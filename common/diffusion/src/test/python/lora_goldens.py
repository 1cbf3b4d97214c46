"""Makes src/test/resources/adapters: LoRA files in the dialects of kohya, PEFT and diffusers, and in goldens/lora-* what diffusers, PEFT
or the papers' formula make of a small U-Net and text encoder with them.

    python lora_goldens.py

The models' weights are drawn as make_goldens.py says. Made with torch 2.7.1, diffusers 0.42.1, peft 0.21.2, transformers 5.23.0.
"""

import copy
import json
import pathlib

import torch
from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline, UNet2DConditionModel
from diffusers.training_utils import _collate_lora_metadata
from peft import LoraConfig, get_peft_model_state_dict
from safetensors.torch import load_file, save_file
from transformers import CLIPTextConfig, CLIPTextModel

from make_goldens import CLIP, INTO_RESIDUAL, UNET, Published, random, redraw, write

FILES = pathlib.Path(__file__).parent.parent / "resources" / "adapters"
SD1 = UNET | {"layers_per_block": 1}
SDXL = UNET | {
    "block_out_channels": [16, 32, 48], "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
    "up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"], "attention_head_dim": [1, 2, 4],
    "transformer_layers_per_block": [1, 1, 2], "use_linear_projection": True, "addition_embed_type": "text_time",
    "addition_time_embed_dim": 8, "projection_class_embeddings_input_dim": 80, "layers_per_block": 2}
IDS = torch.tensor([[58, 17, 40, 3, 57, 0, 0, 0], [58, 57, 5, 6, 57, 8, 9, 3], [58, 3, 12, 57, 59, 59, 59, 59]])


def unet(config):
    return redraw(UNet2DConditionModel(**config))


def text_encoder():
    return redraw(Published(CLIPTextModel(CLIPTextConfig(**CLIP))))


def inputs(config):
    tensors = {"sample": random(5, 3, 4, 8, 12), "timestep": torch.tensor([999, 0, 417]), "encoder_hidden_states": random(6, 3, 7, 24)}
    if "addition_embed_type" in config:
        tensors |= {"added_cond_kwargs.text_embeds": random(7, 3, 32), "added_cond_kwargs.time_ids": random(8, 3, 6).abs() * 100}
    return tensors


@torch.no_grad()
def predict(model, given):
    added = {k.split(".")[1]: v for k, v in given.items() if k.startswith("added_cond_kwargs.")}
    return model(given["sample"], given["timestep"], given["encoder_hidden_states"], added_cond_kwargs=added or None).sample


@torch.no_grad()
def encode(model):
    return model(IDS).last_hidden_state


def factor(name, *shape):
    """Large enough to matter, small where the layer writes into the residual stream."""
    generator = torch.Generator().manual_seed(sum(map(ord, name)))
    fan_in = torch.Size(shape[1:]).numel()
    small = 0.02 if "up" in name.split(".")[-1] and INTO_RESIDUAL.search(name.rsplit(".", 1)[0] + ".") else 1
    return torch.randn(shape, generator=generator) / fan_in**0.5 * 0.7 * small


def change(name, module, rank, alpha, decomposed=False):
    """A layer's factors with kohya's names, and their product as kohya and LyCORIS define it."""
    out, into = module.weight.shape[:2]
    kernel = module.weight.shape[2:]
    if decomposed:
        down, mid, up = factor(name + ".down", rank, into, 1, 1), factor(name + ".mid", rank, rank, *kernel), factor(name + ".up", out, rank, 1, 1)
        product = torch.einsum("op,pqkl,qi->oikl", up.flatten(1), mid, down.flatten(1))
        tensors = {"lora_down.weight": down, "lora_mid.weight": mid, "lora_up.weight": up}
    else:
        down, up = factor(name + ".down", rank, into, *kernel), factor(name + ".up", out, rank, *[1] * len(kernel))
        product = (up.flatten(1) @ down.flatten(1)).view_as(module.weight)
        tensors = {"lora_down.weight": down, "lora_up.weight": up}
    if alpha is not None:
        tensors["alpha"] = torch.tensor(float(alpha))
    return tensors, product * ((alpha or rank) / rank)


def save(name, tensors, metadata=None):
    FILES.mkdir(exist_ok=True)
    save_file({k: v.detach().contiguous() for k, v in tensors.items()}, FILES / name, metadata=metadata)
    (FILES / name).chmod(0o644)
    print(name, len(tensors), (FILES / name).stat().st_size)


@torch.no_grad()
def merged(model, changes, strength=1.0):
    model = copy.deepcopy(model)
    for name, product in changes.items():
        model.get_submodule(name).weight.add_(product * strength)
    return model


def locon():
    """kohya's names, every kind of layer, a rank and an alpha of each one's own."""
    model, encoder = unet(SD1), text_encoder()
    layers = {  # rank, alpha, decomposed
        "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q": (4, 2),
        "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k": (2, 3),
        "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_out.0": (3, None),
        "down_blocks.0.attentions.0.transformer_blocks.0.ff.net.0.proj": (1, 1),
        "down_blocks.0.attentions.0.transformer_blocks.0.ff.net.2": (2, 4),
        "down_blocks.0.attentions.0.proj_in": (2, 1),
        "down_blocks.0.resnets.0.conv1": (3, 1),
        "down_blocks.0.resnets.0.conv2": (2, 2, True),
        "down_blocks.0.resnets.0.time_emb_proj": (2, 1),
        "down_blocks.0.downsamplers.0.conv": (2, 1),
        "down_blocks.1.resnets.0.conv1": (2, 5, True),
        "down_blocks.1.resnets.0.conv_shortcut": (2, 1),
        "mid_block.attentions.0.transformer_blocks.0.attn1.to_v": (5, 2),
        "up_blocks.0.upsamplers.0.conv": (3, 3),
        "up_blocks.1.attentions.1.proj_out": (2, 1),
    }
    text = {"text_model.encoder.layers.0.self_attn.q_proj": (4, 1), "text_model.encoder.layers.1.self_attn.out_proj": (2, 2),
            "text_model.encoder.layers.2.mlp.fc1": (3, None)}
    tensors, products = {}, {"unet": {}, "text": {}}
    for prefix, part, names, owner in (("lora_unet_", "unet", layers, model), ("lora_te_", "text", text, encoder)):
        for name, settings in names.items():
            files, product = change(name, owner.get_submodule(name), *settings)
            products[part][name] = product
            tensors |= {f"{prefix}{name.replace('.', '_')}.{k}": v for k, v in files.items()}
    save("kohya-locon.safetensors", tensors, {"ss_network_module": "lycoris.kohya"})
    return tensors, products


def peft(model, encoder):
    """PEFT's names and config, as diffusers saves them; the file, and models that carry it."""
    model, encoder = copy.deepcopy(model), copy.deepcopy(encoder)
    settings = LoraConfig(
        r=4, lora_alpha=6, rank_pattern={"mid_block.attentions.0.proj_in": 2}, alpha_pattern={"mid_block.attentions.0.proj_in": 7},
        target_modules=["to_q", "to_k", "to_out.0", "proj_in", "conv1", "ff.net.0.proj"], init_lora_weights=False)
    model.add_adapter(settings)
    bare = encoder.text_model
    bare.add_adapter(LoraConfig(r=2, lora_alpha=5, use_rslora=True, target_modules=["q_proj", "v_proj", "fc2"], init_lora_weights=False))
    with torch.no_grad():
        for owner in (model, encoder):
            for name, parameter in owner.named_parameters():
                if "lora_" in name:
                    kind = ".down" if "lora_A" in name else ".up"
                    parameter.copy_(factor(name.split(".lora_")[0] + kind, *parameter.shape))
    StableDiffusionPipeline.save_lora_weights(
        FILES, unet_lora_layers=get_peft_model_state_dict(model), text_encoder_lora_layers=get_peft_model_state_dict(bare),
        weight_name="peft.safetensors", **_collate_lora_metadata({"unet": model, "text_encoder": bare}))
    (FILES / "peft.safetensors").chmod(0o644)
    print("peft.safetensors", (FILES / "peft.safetensors").stat().st_size)
    return model, encoder


def loaded(model, path):
    """With diffusers' own loader."""
    model = copy.deepcopy(model)
    kind = StableDiffusionXLPipeline if "addition_embed_type" in model.config and model.config.addition_embed_type else StableDiffusionPipeline
    state, alphas = kind.lora_state_dict(load_file(path), unet_config=model.config)[:2]
    kind.load_lora_into_unet({k: v for k, v in state.items() if k.startswith("unet.")}, alphas, model)
    return model.eval()


def processors(model):
    """diffusers before 0.22: attention alone, adapters kept in its processor."""
    tensors = {}
    for name, module in model.named_modules():
        if type(module).__name__ == "Attention" and name.startswith("up_blocks.1.attentions.1"):
            for part in ("to_q", "to_k", "to_v", "to_out"):
                linear = getattr(module, part)
                linear = linear[0] if part == "to_out" else linear
                out, into = linear.weight.shape
                path = f"{name}.{part}"
                tensors[f"unet.{name}.processor.{part}_lora.down.weight"] = factor(path + ".down", 2, into)
                tensors[f"unet.{name}.processor.{part}_lora.up.weight"] = factor(path + (".0" if part == "to_out" else "") + ".up", out, 2)
    save("processor.safetensors", tensors)


def sgm(model):
    """kohya's names for SDXL: those of the single file."""
    names = {  # B = 3 blocks a level on the way down
        "input_blocks_4_1_transformer_blocks_0_attn1_to_q": "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q",
        "input_blocks_8_1_transformer_blocks_1_attn2_to_v": "down_blocks.2.attentions.1.transformer_blocks.1.attn2.to_v",
        "input_blocks_7_1_proj_in": "down_blocks.2.attentions.0.proj_in",
        "middle_block_1_transformer_blocks_0_ff_net_2": "mid_block.attentions.0.transformer_blocks.0.ff.net.2",
        "output_blocks_2_1_transformer_blocks_0_attn1_to_out_0": "up_blocks.0.attentions.2.transformer_blocks.0.attn1.to_out.0",
        "output_blocks_3_1_transformer_blocks_0_attn2_to_k": "up_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k",
    }
    tensors = {}
    for original, name in names.items():
        files, _ = change(name, model.get_submodule(name), 2, 60)
        tensors |= {f"lora_unet_{original}.{k}": v for k, v in files.items()}
    save("kohya-sdxl.safetensors", tensors)


def main():
    model, encoder = unet(SD1), text_encoder()
    given = inputs(SD1)
    tensors = given | {"input_ids": IDS, "plain": predict(model, given), "plain.text": encode(encoder)}
    _, products = locon()
    for strength in (1.0, 0.6):
        tensors[f"kohya-locon.{strength}"] = predict(merged(model, products["unet"], strength), given)
        tensors[f"kohya-locon.text.{strength}"] = encode(merged(encoder, products["text"], strength))
    with_peft, encoder_with_peft = peft(model, encoder)
    tensors |= {"peft": predict(with_peft, given), "peft.text": encode(encoder_with_peft)}
    tensors["both"] = predict(merged(with_peft, {
        name if not hasattr(with_peft.get_submodule(name), "base_layer") else name + ".base_layer": product
        for name, product in products["unet"].items()}, 0.6), given)
    processors(model)
    tensors["processor"] = predict(loaded(model, FILES / "processor.safetensors"), given)
    write("lora", SD1, tensors, model)

    xl = unet(SDXL)
    given = inputs(SDXL)
    sgm(xl)
    write("lora-sdxl", SDXL, given | {"plain": predict(xl, given), "kohya-sdxl": predict(loaded(xl, FILES / "kohya-sdxl.safetensors"), given)}, xl)
    (pathlib.Path(FILES) / "text_encoder.json").write_text(
        json.dumps(json.loads(CLIPTextConfig(**CLIP, architectures=["CLIPTextModel"]).to_json_string(use_diff=False)), indent=2) + "\n")


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
