"""Writes small random models of many kinds, and what diffusers makes of them.

../resources/pipelines/variants/KIND: what makes a kind of model of the parts in ../clip (text encoder, tokenizer, scheduler), ../tiny
(autoencoder, U-Net), and for those of Stable Diffusion XL those of xl: its model_index.json and the parts that are its own.
../resources/pipelines/variants/KIND.safetensors: final latents and pictures of several runs; the metadata entry "cases" says of which.
../resources/pipelines/variants/*.png: the pictures; resized.safetensors: one of them resized by Pillow;
framed.safetensors: the same by diffusers without distortion.
../resources/pipelines/variants/regions.jsonl: what part of a picture diffusers crops by a mask.

Run after tiny_pipeline.py and tiny_clip_pipeline.py: python tiny_pipelines.py [pictures] [KIND...]    (PyTorch 2.7.1, diffusers 0.42.1, transformers 5.23.0, Pillow 13)
"""

import json
import pathlib
import shutil
import sys
import tempfile

import diffusers
import numpy
import torch
from diffusers import (
    DDIMScheduler, DDPMScheduler, EDMDPMSolverMultistepScheduler, EulerDiscreteScheduler, LCMScheduler, PNDMScheduler, UNet2DConditionModel, VQModel)
from diffusers.image_processor import VaeImageProcessor
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import BertConfig, BertModel, BertTokenizer, CLIPTextConfig, CLIPTextModelWithProjection, CLIPTokenizer

from tiny_clip_pipeline import CLIPTextModel  # noqa: F401 (gives it the attribute that diffusers asks for)
from tiny_pipeline import OUT, enliven

VARIANTS = OUT / "variants"


def unet(seed, **config):
    torch.manual_seed(seed)
    base = {
        "sample_size": 8, "out_channels": 4, "layers_per_block": 1, "block_out_channels": (8, 8), "cross_attention_dim": 32,
        "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"), "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
        "attention_head_dim": 2, "norm_num_groups": 4,
    }
    return enliven(UNet2DConditionModel(**(base | config)), torch.Generator().manual_seed(seed + 1))


def published_scheduler():
    """Stable Diffusion 1's."""
    return PNDMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", skip_prk_steps=True, set_alpha_to_one=False, steps_offset=1)


KINDS = {
    "image": {"class": "StableDiffusionImg2ImgPipeline", "scheduler": published_scheduler},
    "blended": {"class": "StableDiffusionInpaintPipeline", "scheduler": published_scheduler},
    "inpaint": {"class": "StableDiffusionInpaintPipeline", "unet": lambda: unet(40, in_channels=9)},
    "edit": {"class": "StableDiffusionInstructPix2PixPipeline", "unet": lambda: unet(50, in_channels=8)},
    "depth": {"class": "StableDiffusionDepth2ImgPipeline", "unet": lambda: unet(60, in_channels=5), "absent": ("depth_estimator", "feature_extractor")},
    "upscale": {
        "class": "StableDiffusionUpscalePipeline", "unet": lambda: unet(70, in_channels=7, num_class_embeds=60),
        "low_res_scheduler": lambda: DDPMScheduler(beta_schedule="squaredcos_cap_v2"), "settings": {"max_noise_level": 50},
    },
    "double": {
        "class": "StableDiffusionLatentUpscalePipeline", "unet": lambda: unet(
            180, in_channels=8, out_channels=5, block_out_channels=(32, 32), norm_num_groups=None, mid_block_type=None, act_fn="gelu",
            down_block_types=("KDownBlock2D", "KCrossAttnDownBlock2D"), up_block_types=("KCrossAttnUpBlock2D", "KUpBlock2D"),
            time_embedding_type="fourier", time_embedding_dim=32, timestep_post_act="gelu", time_cond_proj_dim=128 + 32, conv_in_kernel=1,
            conv_out_kernel=1, attention_head_dim=8),
        "scheduler": lambda: EulerDiscreteScheduler(
            beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", prediction_type="sample"),
    },
}

def second_encoder():
    """One with a projection, of other channels than the first."""
    torch.manual_seed(80)
    return enliven(CLIPTextModelWithProjection(CLIPTextConfig(
        vocab_size=914, hidden_size=16, intermediate_size=24, num_hidden_layers=3, num_attention_heads=2, max_position_embeddings=77,
        hidden_act="gelu", eos_token_id=2, bos_token_id=0, pad_token_id=1, projection_dim=12, initializer_factor=8.0)),
        torch.Generator().manual_seed(81))


def second_tokenizer():
    """As published: padded with an exclamation mark."""
    return CLIPTokenizer.from_pretrained(OUT.parent / "tokenizers" / "clip", pad_token="!")


def xl(seed, numbers, channels, **config):
    return unet(
        seed, cross_attention_dim=channels, addition_embed_type="text_time", addition_time_embed_dim=4,
        projection_class_embeddings_input_dim=12 + 4 * numbers, use_linear_projection=True, **config)


XL = {
    "text_encoder_2": second_encoder, "tokenizer_2": second_tokenizer,
    "scheduler": lambda: EulerDiscreteScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", timestep_spacing="leading", steps_offset=1),
}
KINDS |= {
    "xl": XL | {"class": "StableDiffusionXLPipeline", "unet": lambda: xl(90, 6, 48), "settings": {"force_zeros_for_empty_prompt": True}},
    "refiner": {
        "base": "xl", "class": "StableDiffusionXLImg2ImgPipeline", "unet": lambda: xl(100, 5, 16), "absent": ("text_encoder", "tokenizer"),
        "settings": {"force_zeros_for_empty_prompt": False, "requires_aesthetics_score": True},
    },
    "xl-inpaint": {"base": "xl", "class": "StableDiffusionXLInpaintPipeline", "unet": lambda: xl(110, 6, 48, in_channels=9)},
    "xl-edit": {"base": "xl", "class": "StableDiffusionXLInstructPix2PixPipeline", "unet": lambda: xl(170, 6, 48, in_channels=8)},
    "xl-edit-scaled": {"base": "xl-edit", "class": "StableDiffusionXLInstructPix2PixPipeline", "settings": {"is_cosxl_edit": True}},
    "xl-edm": {
        "base": "xl", "class": "StableDiffusionXLPipeline", "scheduler": EDMDPMSolverMultistepScheduler,
        # each channel in a scale of its own, as in Playground 2.5
        "configs": {"vae": {"scaling_factor": 0.5, "latents_mean": [-1.6, 1.9, -1.4, 2.5], "latents_std": [4.5, 3.0, 3.5, 2.0]}},
    },
    "consistency": {
        "class": "LatentConsistencyModelPipeline", "unet": lambda: unet(120, time_cond_proj_dim=16),
        "scheduler": lambda: LCMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False, set_alpha_to_one=True),
    },
}

def bert():
    torch.manual_seed(130)
    words = len(json.loads((OUT / "tiny" / "tokenizer" / "tokenizer.json").read_text())["model"]["vocab"])
    return enliven(BertModel(BertConfig(
        vocab_size=words, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24, max_position_embeddings=77,
        initializer_range=0.2), add_pooling_layer=False), torch.Generator().manual_seed(131))


def codebook():
    torch.manual_seed(140)
    return enliven(VQModel(
        block_out_channels=(4, 4, 8, 8), down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
        latent_channels=4, layers_per_block=1, norm_num_groups=4, num_vq_embeddings=32, vq_embed_dim=4, scaling_factor=0.7),
        torch.Generator().manual_seed(141))


KINDS |= {
    "latent-diffusion": {
        "class": "LDMTextToImagePipeline", "bert": bert, "vqvae": codebook, "unet": lambda: unet(150, cross_attention_dim=16, sample_size=4),
        "tokenizer": lambda: BertTokenizer.from_pretrained(OUT / "tiny" / "tokenizer", model_max_length=77),
        "scheduler": lambda: DDIMScheduler(
            beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False, set_alpha_to_one=False, steps_offset=1),
        "absent": ("text_encoder", "vae"),
    },
}

class Panorama(diffusers.StableDiffusionPanoramaPipeline):
    """With windows of 8 latent pixels, 4 apart, and this autoencoder's factor."""

    def get_views(self, panorama_height, panorama_width, window_size=8, stride=4, circular_padding=False):
        scale = 8 // self.vae_scale_factor
        return super().get_views(panorama_height * scale, panorama_width * scale, window_size, stride, circular_padding)


KINDS |= {"large": {"class": "StableDiffusionPipeline"}}


def deep_unet():
    """Self-attention in two blocks on each way, so that a name can tell them apart."""
    return unet(
        160, block_out_channels=(8, 8, 8), down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"))


SD_PAG, XL_PAG = "StableDiffusionPAG", "StableDiffusionXLPAG"
KINDS |= {
    "perturbed": {"class": SD_PAG + "Pipeline", "unet": deep_unet},
    "xl-perturbed": {"base": "xl", "class": XL_PAG + "Pipeline"},
}

PROMPT = {"prompt": "a red apple", "negative_prompt": "ugly, blurry"}

CASES = {
    "image": [
        PROMPT | {"image": "picture", "strength": 0.6, "steps": 5, "guidance_scale": 5.0, "seed": 0, "scheduler": "DDIMScheduler"},
        PROMPT | {"image": "picture", "strength": 1.0, "steps": 3, "guidance_scale": 1.0, "seed": 1},
        PROMPT | {"image": "odd", "strength": 0.8, "steps": 4, "guidance_scale": 5.0, "seed": 2, "scheduler": "EulerDiscreteScheduler"},
        PROMPT | {"image": "picture", "strength": 0.5, "steps": 6, "guidance_scale": 4.0, "seed": 3, "scheduler": "EulerAncestralDiscreteScheduler"},
        PROMPT | {"image": "picture", "strength": 0.5, "steps": 4, "guidance_scale": 4.0, "seed": 4, "scheduler": "HeunDiscreteScheduler"},
        PROMPT | {"image": "picture", "strength": 0.7, "steps": 6, "guidance_scale": 4.0, "seed": 5},
        PROMPT | {"image": "picture", "strength": 0.7, "steps": 6, "guidance_scale": 4.0, "seed": 6, "scheduler": "DPMSolverMultistepScheduler"},
        PROMPT | {"image": "picture", "strength": 0.6, "steps": 5, "guidance_scale": 4.0, "seed": 7, "scheduler": "DDIMScheduler",
                  "eta": 0.8},
    ],
    "blended": [
        PROMPT | {"image": "picture", "mask": "mask", "strength": 1.0, "steps": 4, "guidance_scale": 5.0, "seed": 0, "scheduler": "DDIMScheduler"},
        PROMPT | {"image": "odd", "mask": "mask", "strength": 0.6, "steps": 5, "guidance_scale": 5.0, "seed": 1, "scheduler": "DDIMScheduler",
                  "eta": 0.5},
        PROMPT | {"image": "picture", "mask": "mask", "strength": 0.75, "steps": 4, "guidance_scale": 1.0, "seed": 2,
                  "scheduler": "EulerAncestralDiscreteScheduler"},
        PROMPT | {"image": "picture", "mask": "small-mask", "strength": 1.0, "steps": 4, "guidance_scale": 3.0, "seed": 3, "width": 48,
                  "height": 24},
        PROMPT | {"image": "picture", "mask": "mask", "strength": 0.8, "steps": 5, "guidance_scale": 3.0, "seed": 4,
                  "scheduler": "DPMSolverMultistepScheduler"},
        PROMPT | {"image": "picture", "mask": "mask", "strength": 1.0, "steps": 3, "guidance_scale": 3.0, "seed": 5, "scheduler": "HeunDiscreteScheduler"},
        PROMPT | {"image": "odd", "mask": "spot", "padding_mask_crop": 3, "strength": 1.0, "steps": 4, "guidance_scale": 5.0, "seed": 6,
                  "scheduler": "DDIMScheduler"},
        PROMPT | {"image": "odd", "mask": "rows", "padding_mask_crop": 0, "strength": 0.75, "steps": 4, "guidance_scale": 3.0, "seed": 7,
                  "scheduler": "EulerAncestralDiscreteScheduler"},
    ],
    "inpaint": [
        PROMPT | {"image": "picture", "mask": "mask", "strength": 1.0, "steps": 4, "guidance_scale": 5.0, "seed": 0, "eta": 0.5},
        PROMPT | {"image": "odd", "mask": "small-mask", "strength": 0.6, "steps": 5, "guidance_scale": 5.0, "seed": 1,
                  "scheduler": "EulerAncestralDiscreteScheduler"},
        PROMPT | {"image": "picture", "mask": "mask", "strength": 1.0, "steps": 3, "guidance_scale": 1.0, "seed": 2, "scheduler": "EulerDiscreteScheduler"},
        PROMPT | {"image": "odd", "mask": "spot", "padding_mask_crop": 4, "strength": 1.0, "steps": 4, "guidance_scale": 5.0, "seed": 3},
        PROMPT | {"image": "odd", "mask": "columns", "padding_mask_crop": 2, "strength": 0.8, "steps": 5, "guidance_scale": 5.0, "seed": 4, "width": 48,
                  "height": 24},
    ],
    "edit": [
        PROMPT | {"image": "picture", "image_guidance_scale": 1.5, "steps": 4, "guidance_scale": 5.0, "seed": 0},
        PROMPT | {"image": "odd", "image_guidance_scale": 1.0, "steps": 4, "guidance_scale": 3.0, "seed": 1, "eta": 0.5},
        PROMPT | {"image": "picture", "image_guidance_scale": 2.0, "steps": 3, "guidance_scale": 5.0, "seed": 2,
                  "scheduler": "EulerAncestralDiscreteScheduler"},
        PROMPT | {"image": "picture", "image_guidance_scale": 1.5, "steps": 3, "guidance_scale": 1.0, "seed": 3},
    ],
    "depth": [
        PROMPT | {"image": "picture", "depth": "depth", "strength": 0.8, "steps": 5, "guidance_scale": 5.0, "seed": 0},
        PROMPT | {"image": "odd", "depth": "depth", "strength": 1.0, "steps": 3, "guidance_scale": 1.0, "seed": 1, "scheduler": "EulerDiscreteScheduler"},
    ],
    "upscale": [
        PROMPT | {"image": "small", "noise_level": 20, "steps": 4, "guidance_scale": 5.0, "seed": 0, "eta": 0.5},
        PROMPT | {"image": "small", "noise_level": 0, "steps": 3, "guidance_scale": 1.0, "seed": 1, "scheduler": "EulerDiscreteScheduler"},
    ],
    "double": [
        PROMPT | {"image": "small", "steps": 4, "guidance_scale": 5.0, "seed": 0},
        PROMPT | {"image": "odd", "steps": 3, "guidance_scale": 0.0, "seed": 1},
        PROMPT | {"image": "picture", "steps": 5, "guidance_scale": 1.0, "seed": 2, "scheduler": "LMSDiscreteScheduler"},
    ],
}

ONE = {"prompt": "a red apple"}
CASES |= {
    "latent-diffusion": [
        ONE | {"steps": 4, "guidance_scale": 3.0, "seed": 0},
        ONE | {"steps": 5, "guidance_scale": 1.0, "seed": 1, "width": 48, "height": 24, "scheduler": "PNDMScheduler"},
        ONE | {"steps": 4, "guidance_scale": 0.5, "seed": 2},
        ONE | {"steps": 3, "guidance_scale": 0.0, "seed": 3},
    ],
    "xl": [
        ONE | {"steps": 4, "guidance_scale": 3.0, "seed": 0},
        PROMPT | {"prompt_2": "a photo of the moon", "steps": 3, "guidance_scale": 3.0, "seed": 1, "guidance_rescale": 0.6, "clip_skip": 1},
        PROMPT | {"steps": 3, "guidance_scale": 3.0, "seed": 2, "original_size": [512, 640], "target_size": [30, 34], "crops_coords_top_left": [3, 5],
                  "width": 48, "height": 24},
        ONE | {"steps": 6, "guidance_scale": 3.0, "seed": 3, "denoising_end": 0.6},
        ONE | {"steps": 5, "guidance_scale": 3.0, "seed": 4, "denoising_end": 0.7, "scheduler": "HeunDiscreteScheduler"},
        ONE | {"steps": 1, "guidance_scale": 0.0, "seed": 5, "scheduler": "EulerAncestralDiscreteScheduler"},
        ONE | {"as": "StableDiffusionXLImg2ImgPipeline", "image": "odd", "strength": 0.6, "steps": 5, "guidance_scale": 3.0, "seed": 6},
        ONE | {"as": "StableDiffusionXLImg2ImgPipeline", "image": "picture", "denoising_start": 0.5, "steps": 5, "guidance_scale": 3.0, "seed": 7},
        ONE | {"as": "StableDiffusionXLInpaintPipeline", "image": "picture", "mask": "mask", "strength": 0.9999, "steps": 4, "guidance_scale": 3.0,
               "seed": 8},
        PROMPT | {"prompt_2": "a photo of the moon", "negative_prompt_2": "an old cat", "steps": 3, "guidance_scale": 3.0, "seed": 9},
        ONE | {"as": "StableDiffusionXLInpaintPipeline", "image": "odd", "mask": "spot", "padding_mask_crop": 5, "strength": 0.9999, "steps": 4,
               "guidance_scale": 3.0, "seed": 10},
        PROMPT | {"prompt_2": "", "negative_prompt_2": "", "steps": 3, "guidance_scale": 3.0, "seed": 11},
        ONE | {"negative_prompt": "", "negative_prompt_2": "an old cat", "steps": 3, "guidance_scale": 3.0, "seed": 12},
        ONE | {"negative_prompt": "", "steps": 3, "guidance_scale": 3.0, "seed": 13},
    ],
    "refiner": [
        PROMPT | {"start": "xl 3", "steps": 6, "guidance_scale": 3.0, "seed": 0, "denoising_start": 0.6},
        PROMPT | {"start": "xl 4", "steps": 5, "guidance_scale": 3.0, "seed": 1, "denoising_start": 0.7, "scheduler": "HeunDiscreteScheduler",
                  "aesthetic_score": 7.5, "negative_aesthetic_score": 1.0, "crops_coords_top_left": [3, 5]},
        ONE | {"image": "picture", "strength": 0.4, "steps": 5, "guidance_scale": 3.0, "seed": 2},
        PROMPT | {"start": "xl 3", "steps": 4, "guidance_scale": 3.0, "seed": 3, "denoising_start": 0.05},
    ],
    "xl-inpaint": [
        PROMPT | {"image": "odd", "mask": "mask", "strength": 0.9999, "steps": 4, "guidance_scale": 3.0, "seed": 0},
        PROMPT | {"image": "odd", "mask": "mask", "strength": 1.0, "steps": 4, "guidance_scale": 3.0, "seed": 1},
        PROMPT | {"image": "odd", "mask": "spot", "padding_mask_crop": 2, "strength": 0.9999, "steps": 4, "guidance_scale": 3.0, "seed": 2},
    ],
    "xl-edit": [
        PROMPT | {"image": "picture", "image_guidance_scale": 1.5, "steps": 4, "guidance_scale": 5.0, "seed": 0},
        ONE | {"image": "odd", "image_guidance_scale": 2.0, "steps": 4, "guidance_scale": 3.0, "seed": 1, "width": 44, "height": 36,
               "scheduler": "EulerAncestralDiscreteScheduler"},
        PROMPT | {"prompt_2": "a photo of the moon", "image": "picture", "image_guidance_scale": 1.0, "steps": 3, "guidance_scale": 4.0, "seed": 2,
                  "original_size": [512, 640], "target_size": [30, 34], "crops_coords_top_left": [3, 5], "scheduler": "DDIMScheduler"},
        PROMPT | {"image": "picture", "image_guidance_scale": 1.5, "steps": 3, "guidance_scale": 1.0, "seed": 3},
        PROMPT | {"image": "picture", "image_guidance_scale": 1.5, "steps": 4, "guidance_scale": 5.0, "guidance_rescale": 0.7, "seed": 4},
    ],
    "xl-edit-scaled": [
        PROMPT | {"image": "picture", "image_guidance_scale": 1.5, "steps": 4, "guidance_scale": 5.0, "seed": 0},
    ],
    "xl-edm": [
        PROMPT | {"steps": 4, "guidance_scale": 3.0, "seed": 0},
        ONE | {"as": "StableDiffusionXLImg2ImgPipeline", "image": "odd", "strength": 0.6, "steps": 5, "guidance_scale": 3.0, "seed": 1},
        ONE | {"steps": 3, "guidance_scale": 3.0, "seed": 2, "scheduler": "EDMEulerScheduler"},
    ],
    "large": [
        PROMPT | {"as": "Panorama", "steps": 4, "guidance_scale": 5.0, "seed": 0, "width": 64, "height": 48, "scheduler": "DDIMScheduler"},
        PROMPT | {"as": "Panorama", "steps": 5, "guidance_scale": 3.0, "seed": 1, "width": 80, "height": 24,
                  "scheduler": "DPMSolverMultistepScheduler"},
        PROMPT | {"as": "Panorama", "steps": 3, "guidance_scale": 1.0, "seed": 2, "width": 32, "height": 48, "scheduler": "EulerDiscreteScheduler"},
    ],
    "consistency": [
        ONE | {"steps": 4, "guidance_scale": 8.5, "seed": 0},
        ONE | {"steps": 3, "guidance_scale": 1.0, "seed": 1, "original_inference_steps": 30},
        ONE | {"as": "LatentConsistencyModelImg2ImgPipeline", "image": "odd", "strength": 0.6, "steps": 4, "guidance_scale": 8.5, "seed": 2},
        ONE | {"as": "LatentConsistencyModelImg2ImgPipeline", "image": "picture", "strength": 0.33, "steps": 5, "guidance_scale": 2.0, "seed": 3,
               "original_inference_steps": 30},
        ONE | {"as": "StableDiffusionInpaintPipeline", "image": "picture", "mask": "mask", "strength": 1.0, "steps": 4, "guidance_scale": 8.5,
               "seed": 5},
        ONE | {"as": "StableDiffusionInpaintPipeline", "image": "odd", "mask": "mask", "strength": 0.6, "steps": 6, "guidance_scale": 3.0,
               "seed": 6},
    ],
}

CASES |= {
    "perturbed": [
        PROMPT | {"steps": 4, "guidance_scale": 5.0, "pag_scale": 3.0, "seed": 0},
        PROMPT | {"steps": 4, "guidance_scale": 0.0, "pag_scale": 3.0, "seed": 1, "scheduler": "EulerDiscreteScheduler"},
        PROMPT | {"steps": 5, "guidance_scale": 5.0, "guidance_rescale": 0.6, "pag_scale": 3.0, "pag_adaptive_scale": 0.006,
                  "seed": 2, "scheduler": "DPMSolverMultistepScheduler"},
        PROMPT | {"steps": 4, "guidance_scale": 5.0, "pag_scale": 3.0,
                  "pag_applied_layers": ["down_blocks.1", "up_blocks.1.attentions.0"], "seed": 3},
        PROMPT | {"steps": 3, "guidance_scale": 1.0, "pag_scale": 2.0, "pag_applied_layers": ["mid", r"(down|up)_blocks\.[01]"],
                  "seed": 4, "width": 48, "height": 24, "scheduler": "EulerAncestralDiscreteScheduler"},
        PROMPT | {"as": SD_PAG + "Img2ImgPipeline", "image": "odd", "strength": 0.6, "steps": 5, "guidance_scale": 4.0, "pag_scale": 3.0,
                  "pag_applied_layers": ["down"], "seed": 5},
        PROMPT | {"as": SD_PAG + "InpaintPipeline", "image": "picture", "mask": "mask", "strength": 0.8, "steps": 5, "guidance_scale": 4.0,
                  "pag_scale": 3.0, "pag_applied_layers": ["up"], "seed": 6},
    ],
    "xl-perturbed": [
        ONE | {"steps": 4, "guidance_scale": 5.0, "pag_scale": 3.0, "seed": 0},
        ONE | {"steps": 4, "guidance_scale": 0.0, "pag_scale": 3.0, "seed": 1},
        PROMPT | {"steps": 5, "guidance_scale": 5.0, "guidance_rescale": 0.6, "pag_scale": 3.0, "pag_adaptive_scale": 0.006,
                  "pag_applied_layers": ["mid", "down_blocks.0"], "seed": 2},
        PROMPT | {"steps": 4, "guidance_scale": 5.0, "pag_scale": 3.0, "pag_applied_layers": ["up_blocks.1.attentions.0"],
                  "seed": 3, "width": 48, "height": 24},
        ONE | {"as": XL_PAG + "Img2ImgPipeline", "image": "odd", "strength": 0.6, "steps": 5, "guidance_scale": 3.0, "pag_scale": 3.0, "seed": 4},
        ONE | {"as": XL_PAG + "InpaintPipeline", "image": "picture", "mask": "mask", "strength": 0.9999, "steps": 4, "guidance_scale": 1.0,
               "pag_scale": 3.0, "seed": 5},
    ],
}


def draw_pictures():
    """Smooth colours with hard edges, so that each filter of resizing shows."""
    generator = numpy.random.default_rng(30)

    def colours(width, height, channels):
        coarse = generator.integers(0, 256, (4, 5, channels), dtype=numpy.uint8)
        picture = numpy.asarray(Image.fromarray(coarse.squeeze()).resize((width, height), Image.Resampling.BILINEAR)).copy()
        picture[height // 3 : height // 2, width // 4 : width // 2] = 255
        return Image.fromarray(picture)

    def blob(width, height):
        y, x = numpy.mgrid[0:height, 0:width]
        return Image.fromarray(((((x / width - 0.6) / 0.3) ** 2 + ((y / height - 0.4) / 0.35) ** 2 < 1) * 255).astype(numpy.uint8))

    def strip(left, top, right, bottom):
        """White within these columns and rows, and gray at its end."""
        picture = numpy.zeros((37, 45), dtype=numpy.uint8)
        picture[top:bottom, left:right] = 255
        picture[bottom - 1, left:right] = 90
        return Image.fromarray(picture)

    pictures = {
        "picture": colours(32, 32, 3), "odd": colours(45, 37, 3), "small": colours(13, 10, 3), "depth": colours(20, 30, 1), "mask": blob(32, 32),
        "small-mask": blob(21, 17), "spot": strip(37, 12, 45, 19), "rows": strip(0, 20, 45, 25), "columns": strip(9, 0, 14, 37),
    }
    for name, picture in pictures.items():
        picture.save(VARIANTS / f"{name}.png")
    sizes = [(32, 32), (20, 61), (45, 9), (90, 37), (60, 20), (40, 24), (40, 27), (43, 33), (30, 7)]
    resized = {
        f"{filter}.{width}x{height}": torch.from_numpy(numpy.asarray(pictures["odd"].resize((width, height), Image.Resampling[filter])).copy())
        for filter in ("LANCZOS", "BICUBIC") for width, height in sizes
    }
    save_file(resized, VARIANTS / "resized.safetensors")
    processor = VaeImageProcessor()
    framed = {
        f"{mode}.{width}x{height}": torch.from_numpy(numpy.asarray(processor.resize(pictures["odd"], height, width, mode)).copy())
        for mode in ("fill", "crop") for width, height in [(32, 32), (20, 62), (46, 9), (90, 37), (60, 20), (45, 60), (64, 8)]
    }
    save_file(framed, VARIANTS / "framed.safetensors")


def find_regions():
    """Of white rectangles within a picture, some at its edges, for pictures of other shapes."""
    generator = numpy.random.default_rng(31)
    lines = []
    for i in range(60):
        w, h = map(int, generator.integers(5, 90, 2))
        left, right = sorted(map(int, generator.choice(w + 1, 2, replace=False)))
        top, bottom = sorted(map(int, generator.choice(h + 1, 2, replace=False)))
        if i % 4 == 0:
            right = w
        if i % 5 == 0:
            top = 0
        width, height = map(int, 8 * generator.integers(1, 13, 2))
        pad = int(generator.choice([0, 1, 4, 32]))
        mask = numpy.zeros((h, w), dtype=numpy.uint8)
        mask[top:bottom, left:right] = 1 + i  # anything but black counts
        region = VaeImageProcessor.get_crop_region(Image.fromarray(mask), width, height, pad)
        lines.append({
            "picture": [w, h], "white": [left, top, right, bottom], "gray": 1 + i, "size": [width, height], "pad": pad, "region": list(region)})
    (VARIANTS / "regions.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def bases(kind):
    """The folders that a kind lies over, the lowest first."""
    base = KINDS[kind].get("base")
    return [*bases(base), VARIANTS / base] if base else [OUT / "clip"]


def write_variant(kind, folder):
    """The parts that are the kind's own, as half precision."""
    target = VARIANTS / kind
    index = json.loads((bases(kind)[-1] / "model_index.json").read_text())
    index["_class_name"] = KINDS[kind]["class"]
    index |= KINDS[kind].get("settings", {})
    for part, make in KINDS[kind].items():
        if callable(make):
            module = make()
            module.save_pretrained(target / part)
            index[part] = ["transformers" if part.startswith(("text", "token", "bert")) else "diffusers", type(module).__name__]
    for part, fields in KINDS[kind].get("configs", {}).items():
        (target / part).mkdir()
        config = json.loads((OUT / "tiny" / part / "config.json").read_text())
        (target / part / "config.json").write_text(json.dumps(config | fields, indent=2) + "\n")
    index |= {part: [None, None] for part in KINDS[kind].get("absent", ())}
    target.mkdir(parents=True, exist_ok=True)
    (target / "model_index.json").write_text(json.dumps(index, indent=2) + "\n")
    for file in target.rglob("*.safetensors"):
        save_file({k: v.half() if v.is_floating_point() else v for k, v in load_file(file).items()}, file, metadata={"format": "pt"})
    for source in (OUT / "tiny" / "unet", OUT / "tiny" / "vae", *bases(kind), target):
        to = folder / source.name if source.parent.name == "tiny" else folder
        shutil.copytree(source, to, dirs_exist_ok=True)
    if kind == "latent-diffusion":  # its tokenizer is of another class than the one that it replaces
        shutil.rmtree(folder / "tokenizer")
        shutil.copytree(target / "tokenizer", folder / "tokenizer")


def load(kind, folder, case):
    name = case.get("as", KINDS[kind]["class"])
    cls = Panorama if name == "Panorama" else getattr(diffusers, name)
    absent = {part: None for part in KINDS[kind].get("absent", ()) if kind != "latent-diffusion"}
    pipe = cls.from_pretrained(folder, torch_dtype=torch.float32, **absent)
    pipe.set_progress_bar_config(disable=True)
    if "pag_applied_layers" in case:
        pipe.set_pag_applied_layers(case["pag_applied_layers"])
    return pipe


def open_picture(name):
    return Image.open(VARIANTS / f"{name}.png")


PASSED = (
    "prompt", "prompt_2", "negative_prompt", "negative_prompt_2", "guidance_scale", "guidance_rescale", "clip_skip", "strength", "eta", "width", "height",
    "image_guidance_scale", "noise_level", "original_inference_steps", "denoising_start", "denoising_end", "aesthetic_score",
    "negative_aesthetic_score", "pag_scale", "pag_adaptive_scale", "padding_mask_crop")
SIZES = ("original_size", "target_size", "crops_coords_top_left")


def run(kind, folder, case, output_type):
    pipe = load(kind, folder, case)
    if "scheduler" in case:
        pipe.scheduler = getattr(diffusers, case["scheduler"]).from_config(json.loads((folder / "scheduler" / "scheduler_config.json").read_text()))
    arguments = {k: case[k] for k in PASSED if k in case} | {k: tuple(case[k]) for k in SIZES if k in case}
    if "image" in case:
        arguments["image"] = open_picture(case["image"]).convert("RGB")
    if "start" in case:
        arguments["image"] = begun(case)
    if "mask" in case:
        arguments["mask_image"] = open_picture(case["mask"])
    if "depth" in case:
        arguments["depth_map"] = torch.from_numpy(numpy.asarray(open_picture(case["depth"]), dtype=numpy.float32))[None] / 255
    arguments |= {"num_inference_steps": case["steps"], "generator": torch.Generator("cpu").manual_seed(case["seed"])}
    if "padding_mask_crop" in case:
        if output_type == "latent":
            return last_latents(pipe, pipe.vae, arguments, "pil")
        return of_files(pipe(**arguments).images)
    if kind == "latent-diffusion" and output_type == "latent":
        return last_latents(pipe, pipe.vqvae, arguments, "np")
    return pipe(**arguments, output_type=output_type).images


def of_files(pictures):
    """What a pipeline that makes pictures alone would give as numbers."""
    return numpy.stack([numpy.asarray(picture) for picture in pictures]) / 255


def last_latents(pipe, autoencoder, arguments, output_type):
    """What a pipeline that has no such output decodes."""
    seen = []
    decode = autoencoder.decode
    autoencoder.decode = lambda z, **options: seen.append(z * autoencoder.config.scaling_factor) or decode(z, **options)
    pipe(**arguments, output_type=output_type)
    return seen[0]


def begun(case):
    """The latents that another kind's case ended with."""
    kind, index = case["start"].split()
    return load_file(VARIANTS / f"{kind}.safetensors")[f"{index}.latents"]


def write(kind):
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        write_variant(kind, folder)
        tensors = {}
        for i, case in enumerate(CASES[kind]):
            latents = run(kind, folder, case, "latent")
            pictures = torch.from_numpy((run(kind, folder, case, "np") * 255).round().astype("uint8"))
            print(kind, i, tuple(latents.shape), "latent std %.3f" % latents.std(), "picture std %.1f" % pictures.float().std())
            tensors |= {f"{i}.latents": latents.contiguous(), f"{i}.pictures": pictures.contiguous()}
            if "start" in case:
                tensors[f"{i}.start"] = begun(case)
    save_file(tensors, VARIANTS / f"{kind}.safetensors", metadata={"cases": json.dumps(CASES[kind])})


if __name__ == "__main__":
    torch.set_num_threads(1)
    diffusers.utils.logging.disable_progress_bar()
    VARIANTS.mkdir(exist_ok=True)
    chosen = sys.argv[1:] or ["pictures", *KINDS]
    if "pictures" in chosen:
        chosen.remove("pictures")
        draw_pictures()
        find_regions()
    for kind in chosen:
        shutil.rmtree(VARIANTS / kind, ignore_errors=True)
        write(kind)
    for file in VARIANTS.rglob("*"):
        if file.is_file():
            file.chmod(0o644)
