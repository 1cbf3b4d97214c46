"""Makes src/test/resources/checkpoints/singlefile: small random models as single files, and what diffusers makes of them.

    python make_single_files.py

Each model is made by diffusers' and transformers' classes, renamed to the layout of its original here, and read back by diffusers'
own converters, which must give the same tensors. expected.json then holds the shape and the CRC-32 of every tensor under diffusers'
names. Made with torch 2.7.1, diffusers 0.42.1.
"""

import json
import pathlib
import re
import shutil
import zlib

import torch
from diffusers import AutoencoderKL, ControlNetModel, UNet2DConditionModel
from diffusers.loaders import single_file_utils as sfu
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

FOLDER = pathlib.Path(__file__).parent.parent / "resources" / "checkpoints" / "singlefile"
RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "time_emb_proj": "emb_layers.1",
    "conv_shortcut": "skip_connection",
}


def tensors(model):
    """Half-precision tensors, drawn from the CRC-32 of their keys, so that no two are equal and none is all zeros."""
    state = {}
    for key, tensor in model.state_dict().items():
        if not tensor.is_floating_point():
            continue
        generator = torch.Generator().manual_seed(zlib.crc32(key.encode()))
        state[key] = (torch.randn(tensor.shape, generator=generator) * 0.1).half()
    return state


def to_compvis_unet(state, config):
    """The other way round than convert_ldm_unet_checkpoint."""
    per_level = config.layers_per_block + 1
    renamed = {}
    for key, tensor in state.items():
        new = key
        for a, b in (
            ("time_embedding.linear_1", "time_embed.0"),
            ("time_embedding.linear_2", "time_embed.2"),
            ("add_embedding.linear_1", "label_emb.0.0"),
            ("add_embedding.linear_2", "label_emb.0.2"),
            ("class_embedding.", "label_emb."),
            ("conv_norm_out", "out.0"),
            ("conv_out", "out.2"),
        ):
            if key.startswith(a):
                new = b + key[len(a) :]
        if key.startswith("conv_in."):
            new = key.replace("conv_in", "input_blocks.0.0")
        for pattern, place in (
            (r"down_blocks\.(\d+)\.resnets\.(\d+)\.", lambda i, j: f"input_blocks.{i * per_level + j + 1}.0."),
            (r"down_blocks\.(\d+)\.attentions\.(\d+)\.", lambda i, j: f"input_blocks.{i * per_level + j + 1}.1."),
            (r"down_blocks\.(\d+)\.downsamplers\.(0)\.conv\.", lambda i, j: f"input_blocks.{(i + 1) * per_level}.0.op."),
            (r"mid_block\.(r)esnets\.(\d)\.", lambda i, j: f"middle_block.{2 * j}."),
            (r"mid_block\.(a)ttentions\.(\d)\.", lambda i, j: "middle_block.1."),
            (r"up_blocks\.(\d+)\.resnets\.(\d+)\.", lambda i, j: f"output_blocks.{i * per_level + j}.0."),
            (r"up_blocks\.(\d+)\.attentions\.(\d+)\.", lambda i, j: f"output_blocks.{i * per_level + j}.1."),
            (
                r"up_blocks\.(\d+)\.upsamplers\.(0)\.conv\.",
                lambda i, j: f"output_blocks.{(i + 1) * per_level - 1}.{2 if 'CrossAttn' in config.up_block_types[i] else 1}.conv.",
            ),
        ):
            match = re.match(pattern, key)
            if match:
                number = [int(g) if g.isdigit() else 0 for g in match.groups()]
                rest = key[match.end() :]
                if "resnets" in key:
                    name, leaf = rest.rsplit(".", 1)
                    rest = RESNET[name] + "." + leaf
                new = place(*number) + rest
        renamed[new] = tensor
    assert len(renamed) == len(state)
    return renamed


def to_compvis_vae(state, config):
    levels = len(config.block_out_channels)
    renamed = {}
    for key, tensor in state.items():
        new = key.replace("conv_norm_out", "norm_out").replace("conv_shortcut", "nin_shortcut")
        new = re.sub(r"encoder\.down_blocks\.(\d)\.resnets\.", r"encoder.down.\1.block.", new)
        new = re.sub(r"encoder\.down_blocks\.(\d)\.downsamplers\.0", r"encoder.down.\1.downsample", new)
        new = re.sub(r"decoder\.up_blocks\.(\d)\.resnets\.", lambda m: f"decoder.up.{levels - 1 - int(m[1])}.block.", new)
        new = re.sub(r"decoder\.up_blocks\.(\d)\.upsamplers\.0", lambda m: f"decoder.up.{levels - 1 - int(m[1])}.upsample", new)
        new = re.sub(r"mid_block\.resnets\.(\d)", lambda m: f"mid.block_{int(m[1]) + 1}", new)
        if "attentions" in new:
            for a, b in (("group_norm", "norm"), ("to_q", "q"), ("to_k", "k"), ("to_v", "v"), ("to_out.0", "proj_out")):
                new = new.replace(f"mid_block.attentions.0.{a}", f"mid.attn_1.{b}")
            tensor = tensor[:, :, None, None] if tensor.ndim == 2 else tensor
        renamed[new] = tensor
    assert len(renamed) == len(state)
    return renamed


def to_openclip(state):
    renamed = {}
    for key, tensor in state.items():
        if key == "text_projection.weight":
            renamed["text_projection"] = tensor.t().contiguous()
            continue
        new = key.removeprefix("text_model.")
        for a, b in (
            ("embeddings.token_embedding", "token_embedding"),
            ("embeddings.position_embedding.weight", "positional_embedding"),
            ("final_layer_norm", "ln_final"),
            ("encoder.layers", "transformer.resblocks"),
            ("layer_norm1", "ln_1"),
            ("layer_norm2", "ln_2"),
            ("mlp.fc1", "mlp.c_fc"),
            ("mlp.fc2", "mlp.c_proj"),
            ("self_attn", "attn"),
        ):
            new = new.replace(a, b)
        match = re.match(r"(.*attn)\.([qkv])_proj\.(weight|bias)", new)
        if match:
            renamed.setdefault(f"{match[1]}.in_proj_{match[3]}", {})[match[2]] = tensor
        else:
            renamed[new] = tensor
    return {k: torch.cat([v["q"], v["k"], v["v"]]) if isinstance(v, dict) else v for k, v in renamed.items()}


def to_cldm(state, config):
    renamed = to_compvis_unet({k: v for k, v in state.items() if "controlnet" not in k}, config)
    blocks = 2 * (len(config.conditioning_embedding_out_channels) - 1)
    for key, tensor in state.items():
        new = re.sub(r"^controlnet_down_blocks\.(\d+)", r"zero_convs.\1.0", key)
        new = new.replace("controlnet_mid_block", "middle_block_out.0")
        new = new.replace("controlnet_cond_embedding.conv_in", "input_hint_block.0")
        new = re.sub(r"controlnet_cond_embedding\.blocks\.(\d)", lambda m: f"input_hint_block.{2 * int(m[1]) + 2}", new)
        new = new.replace("controlnet_cond_embedding.conv_out", f"input_hint_block.{2 * blocks + 2}")
        if "controlnet" in key:
            renamed[new] = tensor
    return renamed


def same(actual, expected):
    assert actual.keys() == expected.keys(), actual.keys() ^ expected.keys()
    for key, tensor in expected.items():
        assert torch.equal(actual[key], tensor), key


def prefixed(prefix, state):
    return {prefix + k: v for k, v in state.items()}


def unet(**changes):
    config = dict(
        block_out_channels=(4, 8),
        layers_per_block=1,
        norm_num_groups=4,
        cross_attention_dim=16,
        attention_head_dim=2,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        sample_size=8,
    )
    return UNet2DConditionModel(**(config | changes))


def vae(**changes):
    config = dict(
        block_out_channels=(4, 8),
        layers_per_block=1,
        norm_num_groups=4,
        latent_channels=4,
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        sample_size=16,
    )
    return AutoencoderKL(**(config | changes))


def clip(cls=CLIPTextModel, **changes):
    config = dict(
        vocab_size=50, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2, max_position_embeddings=7
    )
    return cls(CLIPTextConfig(**(config | changes)))


def published(state):
    """transformers 5 leaves out the prefix that every published checkpoint has."""
    return {k if k.startswith(("text_model.", "text_projection.")) else "text_model." + k: v for k, v in state.items()}


EXPECTED = {}


def expect(name, component, state):
    EXPECTED.setdefault(name, {})[component] = {
        k: list(v.shape) + [zlib.crc32(v.contiguous().numpy().tobytes())] for k, v in state.items()
    }


def configs(name, index, models, scheduler):
    folder = FOLDER / "configs" / name
    for component, model in models.items():
        model.config.save_pretrained(folder / component) if "text" in component else model.save_config(folder / component)
        if "text" in component:
            path = folder / component / "config.json"
            config = json.loads(path.read_text()) | {"architectures": [type(model).__name__]}
            path.write_text(json.dumps(config, indent=2) + "\n")
    classes = {c: ["transformers" if "text" in c else "diffusers", type(m).__name__] for c, m in models.items()}
    (folder / "model_index.json").write_text(
        json.dumps({"_class_name": index, "scheduler": ["diffusers", "DDIMScheduler"], "safety_checker": [None, None]} | classes, indent=2)
    )
    (folder / "scheduler").mkdir()
    (folder / "scheduler" / "scheduler_config.json").write_text(json.dumps({"_class_name": "DDIMScheduler"} | scheduler))


def stable_diffusion(name, pipeline, models, text_prefix, scheduler, extra=None, ckpt=False, open_clip=False):
    u, v, t = tensors(models["unet"]), tensors(models["vae"]), published(tensors(models["text_encoder"]))
    ldm = prefixed("model.diffusion_model.", to_compvis_unet(u, models["unet"].config))
    file = dict(ldm)
    file |= prefixed("first_stage_model.", to_compvis_vae(v, models["vae"].config))
    text = to_openclip(t) if open_clip else t
    file |= prefixed(text_prefix, text)
    same(sfu.convert_ldm_unet_checkpoint(dict(file), models["unet"].config), u)
    same(sfu.convert_ldm_vae_checkpoint(dict(file), models["vae"].config), v)
    if open_clip:
        same(sfu.convert_open_clip_checkpoint(models["text_encoder"], dict(file), prefix=text_prefix), t)
    else:
        same(sfu.convert_ldm_clip_checkpoint(dict(file)), t)
    for component, state in (("unet", u), ("vae", v), ("text_encoder", t)):
        expect(name, component, state)
    # What real files hold beside the model.
    file |= {"betas": torch.linspace(0, 1, 10), "alphas_cumprod": torch.linspace(1, 0, 10)} | (extra or {})
    if ckpt:
        averaged = {k: (v.float() * 0.5).half() for k, v in ldm.items()}
        file |= {"model_ema." + k.removeprefix("model.").replace(".", ""): v for k, v in averaged.items()}
        file |= {"model_ema.decay": torch.tensor(0.9999), "model_ema.num_updates": torch.tensor(7)}
        expect(name, "unet-averaged", {k: (v.float() * 0.5).half() for k, v in u.items()})
        torch.save({"state_dict": file, "global_step": 875000, "epoch": 1}, FOLDER / f"{name}.ckpt")
    else:
        save_file({k: x.contiguous() for k, x in file.items()}, FOLDER / f"{name}.safetensors")
    configs(name, pipeline, models, scheduler)


def sdxl(name, pipeline, models, prefixes):
    u, v = tensors(models["unet"]), tensors(models["vae"])
    file = prefixed("model.diffusion_model.", to_compvis_unet(u, models["unet"].config))
    file |= prefixed("first_stage_model.", to_compvis_vae(v, models["vae"].config))
    expect(name, "unet", u)
    expect(name, "vae", v)
    for component, prefix in prefixes.items():
        t = published(tensors(models[component]))
        expect(name, component, t)
        is_open = prefix.endswith(".model.")
        file |= prefixed(prefix, to_openclip(t) if is_open else t)
        if is_open:
            file[prefix + "logit_scale"] = torch.tensor(4.6)
            same(sfu.convert_open_clip_checkpoint(models[component], dict(file), prefix=prefix), t)
    same(sfu.convert_ldm_unet_checkpoint(dict(file), models["unet"].config), u)
    save_file({k: x.contiguous() for k, x in file.items()}, FOLDER / f"{name}.safetensors")
    configs(name, pipeline, models, {"prediction_type": "epsilon"})


def main():
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    real = dict(
        block_out_channels=(4, 8, 8, 8),
        layers_per_block=2,
        down_block_types=("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
        up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
    )
    ids = {"cond_stage_model.transformer.text_model.embeddings.position_ids": torch.arange(7)[None]}
    stable_diffusion(
        "sd1",
        "StableDiffusionPipeline",
        {"unet": unet(**real), "vae": vae(), "text_encoder": clip()},
        "cond_stage_model.transformer.",
        {"prediction_type": "epsilon"},
        ids,
    )
    for name, channels, pipeline in (
        ("sd1-inpaint", 9, "StableDiffusionInpaintPipeline"),
        ("instruct-pix2pix", 8, "StableDiffusionInstructPix2PixPipeline"),
    ):
        stable_diffusion(
            name,
            pipeline,
            {"unet": unet(in_channels=channels), "vae": vae(), "text_encoder": clip()},
            "cond_stage_model.transformer.",
            {},
        )
    linear = dict(use_linear_projection=True, attention_head_dim=(1, 2))
    # Real files have the layer that diffusers leaves out, under the number it has there; and the projection.
    last = to_openclip(published(tensors(clip(num_hidden_layers=24, hidden_act="gelu"))))
    left_out = {k: v for k, v in prefixed("cond_stage_model.model.", last).items() if ".resblocks.23." in k}
    left_out |= {"cond_stage_model.model.text_projection": torch.randn(16, 16).half(), "cond_stage_model.model.logit_scale": torch.tensor(4.6)}
    for name, changes, pipeline, ckpt, scheduler in (
        ("sd2", {}, "StableDiffusionPipeline", True, {}),
        ("sd2-inpaint", {"in_channels": 9}, "StableDiffusionInpaintPipeline", False, {"prediction_type": "epsilon"}),
        (
            "x4-upscaler",
            dict(
                in_channels=7,
                num_class_embeds=10,
                only_cross_attention=(True, False),
                down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
                up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
            ),
            "StableDiffusionUpscalePipeline",
            False,
            {"prediction_type": "v_prediction"},
        ),
    ):
        stable_diffusion(
            name,
            pipeline,
            {"unet": unet(**linear | changes), "vae": vae(scaling_factor=0.08333), "text_encoder": clip(hidden_act="gelu")},
            "cond_stage_model.model.",
            scheduler,
            left_out,
            ckpt,
            open_clip=True,
        )
    added = linear | dict(
        addition_embed_type="text_time",
        addition_time_embed_dim=2,
        projection_class_embeddings_input_dim=28,
        transformer_layers_per_block=(1, 2),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
    )
    second = clip(CLIPTextModelWithProjection, hidden_act="gelu", projection_dim=16)
    sdxl(
        "sdxl",
        "StableDiffusionXLPipeline",
        {"unet": unet(**added), "vae": vae(scaling_factor=0.13025), "text_encoder": clip(), "text_encoder_2": second},
        {"text_encoder": "conditioner.embedders.0.transformer.", "text_encoder_2": "conditioner.embedders.1.model."},
    )
    sdxl(
        "sdxl-refiner",
        "StableDiffusionXLImg2ImgPipeline",
        {"unet": unet(**added), "vae": vae(scaling_factor=0.13025), "text_encoder_2": second},
        {"text_encoder_2": "conditioner.embedders.0.model."},
    )
    control = ControlNetModel(
        block_out_channels=(4, 8),
        layers_per_block=1,
        norm_num_groups=4,
        cross_attention_dim=16,
        attention_head_dim=2,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        conditioning_embedding_out_channels=(4, 6, 8, 10),
    )
    state = tensors(control)
    file = prefixed("control_model.", to_cldm(state, control.config))
    # diffusers' converter counts the last convolution as number 14: the real number of levels.
    same(sfu.convert_controlnet_checkpoint(dict(file), control.config), state)
    expect("controlnet", "controlnet", state)
    save_file(file, FOLDER / "controlnet.safetensors")
    control.save_config(FOLDER / "configs" / "controlnet")
    autoencoder = vae()
    state = tensors(autoencoder)
    file = to_compvis_vae(state, autoencoder.config)
    same(sfu.convert_ldm_vae_checkpoint(dict(file), autoencoder.config), state)
    expect("vae", "vae", state)
    torch.save({"state_dict": file | {"loss.logvar": torch.zeros(1)}}, FOLDER / "vae.pt")
    autoencoder.save_config(FOLDER / "configs" / "vae")
    sdxl(
        "sdxl-instruct-pix2pix",
        "StableDiffusionXLInstructPix2PixPipeline",
        {"unet": unet(in_channels=8, **added), "vae": vae(scaling_factor=0.13025), "text_encoder": clip(), "text_encoder_2": second},
        {"text_encoder": "conditioner.embedders.0.transformer.", "text_encoder_2": "conditioner.embedders.1.model."},
    )
    (FOLDER / "expected.json").write_text(json.dumps(EXPECTED, separators=(",", ":")))


main()
