"""Writes ../resources/forward/<case>/: inputs, and what diffusers and transformers answer, for ./darkroom forward.

The models are those of common/diffusion's tiny pipelines; the cases of schedulers hold their config too.
Run: python forward_cases.py    (PyTorch 2.7.1, diffusers 0.42.1, transformers 5.23.0)
"""

import inspect
import json
import pathlib

import diffusers
import torch
from safetensors.torch import save_file
from transformers import BertModel, CLIPTextModel

HERE = pathlib.Path(__file__).parent
TINY = HERE / "../../../../common/diffusion/src/test/resources/pipelines/tiny"
OUT = HERE / "../resources/forward"


def write(name, inputs, outputs, config=None):
    folder = OUT / name
    folder.mkdir(parents=True, exist_ok=True)
    for file, tensors in (("inputs", inputs), ("expected", outputs)):
        save_file({k: v.detach().clone().contiguous() for k, v in tensors.items()}, folder / f"{file}.safetensors")
        (folder / f"{file}.safetensors").chmod(0o644)
    if config:
        (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")


def scheduler(name, class_name, config, steps, eta=None, **given):
    scheduler = getattr(diffusers, class_name)(**config)
    scheduler.set_timesteps(steps, **given)
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(0)
    generator = torch.Generator().manual_seed(3)
    x = torch.randn(2, 3, 4, 4, generator=generator)
    inputs = {"num_inference_steps": torch.tensor(steps), "sample": x}
    inputs.update({option: torch.tensor(value) for option, value in given.items()})
    init_noise_sigma = float(getattr(scheduler, "init_noise_sigma", 1.0))
    outputs = {"timesteps": scheduler.timesteps, "init_noise_sigma": torch.tensor([init_noise_sigma])}
    if class_name not in ("DDIMScheduler", "DDPMScheduler", "TCDScheduler"):
        outputs["sigmas"] = scheduler.sigmas
    parameters = inspect.signature(scheduler.step).parameters
    extra = {}
    if eta is not None:
        inputs["eta"] = torch.tensor([eta])
        extra["eta"] = eta
    for k, t in enumerate(scheduler.timesteps):
        inputs[f"model_output.{k}"] = torch.randn(x.shape, generator=generator)
        drawn = torch.Generator().manual_seed(100 + k)
        before = drawn.get_state()
        if "generator" in parameters:
            extra["generator"] = drawn
        if hasattr(scheduler, "scale_model_input"):
            scheduler.scale_model_input(x, t)
        x = scheduler.step(inputs[f"model_output.{k}"], t, x, **extra).prev_sample
        if not torch.equal(before, drawn.get_state()):
            inputs[f"noise.{k}"] = torch.randn(x.shape, generator=torch.Generator().manual_seed(100 + k))
        outputs[f"prev_sample.{k}"] = x
    write(name, inputs, outputs, json.loads(scheduler.to_json_string()))


@torch.no_grad()
def models():
    generator = torch.Generator().manual_seed(5)
    draw = lambda *shape: torch.randn(shape, generator=generator)
    unet = diffusers.UNet2DConditionModel.from_pretrained(TINY / "unet", torch_dtype=torch.float32).eval()
    inputs = {"sample": draw(2, 4, 8, 8), "timestep": torch.tensor([3, 977]), "encoder_hidden_states": draw(2, 5, 32)}
    write("unet", inputs, {"sample": unet(**inputs).sample})
    inputs = {"sample": draw(1, 4, 6, 10), "timestep": torch.tensor(500), "encoder_hidden_states": draw(1, 5, 32)}
    write("unet-scalar-time", inputs, {"sample": unet(**inputs).sample})
    vae = diffusers.AutoencoderKL.from_pretrained(TINY / "vae", torch_dtype=torch.float32).eval()
    image, z = draw(1, 3, 32, 24), draw(1, 4, 8, 6)
    posterior = vae.encode(image).latent_dist
    write("vae", {"sample": image, "z": z}, {
        "latent_dist.mean": posterior.mean, "latent_dist.logvar": posterior.logvar, "sample": vae.decode(z).sample})
    bert = BertModel.from_pretrained(TINY / "text_encoder", dtype=torch.float32, add_pooling_layer=False).eval()
    ids = torch.tensor([[2, 80, 81, 3, 0, 0], [2, 90, 91, 92, 93, 3]])
    mask = (ids > 0).long()
    states = bert(input_ids=ids, attention_mask=mask, output_hidden_states=True)
    outputs = {"last_hidden_state": states.last_hidden_state}
    outputs.update({f"hidden_states.{i}": s for i, s in enumerate(states.hidden_states)})
    write("bert", {"input_ids": ids, "attention_mask": mask}, outputs)
    clip = CLIPTextModel.from_pretrained(TINY / "../clip/text_encoder", dtype=torch.float32).eval()
    ids = torch.tensor([[912, 71, 826, 334, 913, 913], [912, 320, 913, 0, 0, 0]])
    states = clip(input_ids=ids, output_hidden_states=True)
    outputs = {"last_hidden_state": states.last_hidden_state, "pooler_output": states.pooler_output}
    outputs.update({f"hidden_states.{i}": s for i, s in enumerate(states.hidden_states)})
    write("clip", {"input_ids": ids}, outputs)


@torch.no_grad()
def other_autoencoders():
    """These bring their own small weights."""
    torch.manual_seed(11)
    image = torch.randn(1, 3, 16, 12)
    shape = {"norm_num_groups": 4, "block_out_channels": [8, 12], "down_block_types": ["DownEncoderBlock2D"] * 2,
             "up_block_types": ["UpDecoderBlock2D"] * 2, "num_vq_embeddings": 30}
    vq = diffusers.VQModel(**shape).eval()
    vq.quantize.embedding.weight.normal_()
    latents = vq.encode(image).latents
    _, _, (_, _, indices) = vq.quantize(latents)
    z = torch.randn(1, 3, 4, 6)
    write_model("vq", vq, {"sample": image, "z": z}, {
        "latents": latents, "indices": indices.view(1, 8, 6), "sample": vq.decode(z).sample})
    tiny = diffusers.AutoencoderTiny(
        encoder_block_out_channels=(8, 8), decoder_block_out_channels=(8, 8), num_encoder_blocks=(1, 1), num_decoder_blocks=(1, 1)).eval()
    z = torch.randn(1, 4, 4, 6)
    write_model("tiny-autoencoder", tiny, {"sample": image, "z": z}, {
        "latents": tiny.encode(image).latents, "sample": tiny.decode(z).sample})


@torch.no_grad()
def unconditional():
    torch.manual_seed(12)
    config = {"block_out_channels": [8, 16], "down_block_types": ["DownBlock2D", "AttnDownBlock2D"], "norm_num_groups": 4,
              "up_block_types": ["AttnUpBlock2D", "UpBlock2D"], "layers_per_block": 1, "num_class_embeds": 4}
    model = diffusers.UNet2DModel(**config).eval()
    inputs = {"sample": torch.randn(2, 3, 8, 6), "timestep": torch.tensor([3, 977]), "class_labels": torch.tensor([3, 1])}
    write_model("unconditional", model, inputs, {"sample": model(**inputs).sample})


@torch.no_grad()
def controlnet():
    torch.manual_seed(13)
    config = {"block_out_channels": [8, 16], "down_block_types": ["CrossAttnDownBlock2D", "DownBlock2D"], "cross_attention_dim": 12,
              "attention_head_dim": 2, "norm_num_groups": 4, "layers_per_block": 1, "conditioning_embedding_out_channels": [4, 8]}
    model = diffusers.ControlNetModel(**config).eval()
    for name, parameter in model.named_parameters():
        if not parameter.any():
            parameter.normal_(0, 0.2)
    inputs = {"sample": torch.randn(2, 4, 6, 4), "timestep": torch.tensor(321), "encoder_hidden_states": torch.randn(2, 5, 12),
              "controlnet_cond": torch.rand(2, 3, 12, 8), "conditioning_scale": torch.tensor(0.8)}
    outputs = model(**inputs)
    expected = {f"down_block_res_samples.{i}": r for i, r in enumerate(outputs.down_block_res_samples)}
    write_model("controlnet", model, inputs, expected | {"mid_block_res_sample": outputs.mid_block_res_sample})


def write_model(name, model, inputs, outputs):
    write(name, inputs, outputs, json.loads(model.to_json_string()))
    save_file(model.state_dict(), OUT / name / "weights.safetensors")
    (OUT / name / "weights.safetensors").chmod(0o644)


if __name__ == "__main__":
    torch.set_num_threads(1)
    sd = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
    latent = {"clip_sample": False}
    scheduler("ddim", "DDIMScheduler", {**sd, **latent, "set_alpha_to_one": False, "steps_offset": 1}, 5)
    scheduler("ddim-eta", "DDIMScheduler", {**sd, **latent, "prediction_type": "v_prediction"}, 4, eta=0.6)
    scheduler("ddim-threshold", "DDIMScheduler", {**sd, "thresholding": True, "sample_max_value": 2.0}, 3)
    scheduler("ddpm", "DDPMScheduler", {**sd, **latent, "steps_offset": 0}, 4)
    scheduler("euler", "EulerDiscreteScheduler", {**sd, "timestep_spacing": "leading", "steps_offset": 1}, 5)
    scheduler("dpm", "DPMSolverMultistepScheduler", {**sd, "prediction_type": "v_prediction"}, 6)
    scheduler("dpm-karras", "DPMSolverMultistepScheduler", {**sd, "use_karras_sigmas": True}, 5)
    scheduler("heun", "HeunDiscreteScheduler", {**sd, "prediction_type": "v_prediction"}, 3)
    scheduler("kdpm2-ancestral", "KDPM2AncestralDiscreteScheduler", {**sd, "timestep_spacing": "trailing"}, 3)
    scheduler("unipc", "UniPCMultistepScheduler", {**sd, "solver_order": 3}, 5)
    scheduler("sde", "DPMSolverMultistepScheduler", {**sd, "algorithm_type": "sde-dpmsolver++"}, 4)
    scheduler("dpm-sde", "DPMSolverSDEScheduler", {**sd, "use_karras_sigmas": True, "noise_sampler_seed": 42}, 4)
    scheduler("consistency", "CMStochasticIterativeScheduler", {}, 3)
    scheduler("tcd", "TCDScheduler", sd, 3)
    scheduler("flow", "FlowMatchEulerDiscreteScheduler", {"use_dynamic_shifting": True}, 4, mu=0.7)
    models()
    other_autoencoders()
    unconditional()
    controlnet()
