"""Writes ../resources/samplers/guidance.jsonl: guided predictions as the guiders and pipelines of diffusers 0.42.1 make them.

Run: python guidance.py
"""

import json
import pathlib

import torch
from diffusers.guiders import ClassifierFreeGuidance
from diffusers.guiders.guider_utils import rescale_noise_cfg
from diffusers.pipelines.pag.pag_utils import PAGMixin

OUT = pathlib.Path(__file__).parent.parent / "resources" / "samplers" / "guidance.jsonl"


def rows(generator):
    return [torch.randn(1, 4, 2, 2, generator=generator) for _ in range(3)]


def floats(tensor):
    return [float(f"{v:.9g}") for v in tensor.flatten().tolist()]


def cases():
    generator = torch.Generator().manual_seed(2)
    for scale, rescale in ((7.5, 0.0), (4.0, 0.7), (9.0, 1.0)):
        conditional, unconditional, _ = rows(generator)
        guider = ClassifierFreeGuidance(guidance_scale=scale, guidance_rescale=rescale)
        guider.set_state(step=0, num_inference_steps=10, timestep=torch.tensor(999))
        yield {"kind": "classifier-free", "scale": scale, "rescale": rescale, "conditional": floats(conditional),
               "unconditional": floats(unconditional), "guided": floats(guider.forward(conditional, unconditional).pred)}
    for start, stop, steps in ((0.0, 1.0, 7), (0.2, 0.8, 10), (0.25, 0.7, 7), (0.5, 0.5, 9)):
        guider = ClassifierFreeGuidance(guidance_scale=5.0, start=start, stop=stop)
        guided = []
        for step in range(steps):
            guider.set_state(step=step, num_inference_steps=steps, timestep=torch.tensor(0))
            guided.append(guider._is_cfg_enabled())
        yield {"kind": "interval", "start": start, "stop": stop, "steps": guided}
    for text_scale, image_scale, rescale in ((7.5, 1.5, 0.0), (3.0, 1.0, 0.0), (7.5, 1.5, 0.7), (3.0, 2.0, 1.0)):
        text, image, unconditional = rows(generator)
        # StableDiffusionXLInstructPix2PixPipeline.__call__ has it in line
        guided = unconditional + text_scale * (text - image) + image_scale * (image - unconditional)
        if rescale:
            guided = rescale_noise_cfg(guided, text, rescale)
        yield {"kind": "image", "text_scale": text_scale, "image_scale": image_scale, "rescale": rescale, "text": floats(text),
               "image": floats(image), "unconditional": floats(unconditional), "guided": floats(guided)}
    for scale, adaptive, cfg, rescale, t in ((3.0, 0.0, 7.5, 0.0, 400), (3.0, 0.002, 5.0, 0.7, 600), (3.0, 0.01, 5.0, 0.0, 100), (2.0, 0.0, 1.0, 0.0, 900)):
        conditional, unconditional, perturbed = rows(generator)
        mixin = PAGMixin()
        mixin.set_pag_applied_layers("mid")
        mixin._pag_scale, mixin._pag_adaptive_scale = scale, adaptive
        with_cfg = cfg > 1
        stacked = torch.cat([unconditional, conditional, perturbed] if with_cfg else [conditional, perturbed])
        guided = mixin._apply_perturbed_attention_guidance(stacked, with_cfg, cfg, t)
        if rescale:
            guided = rescale_noise_cfg(guided, conditional, rescale)
        yield {"kind": "perturbed", "scale": scale, "adaptive_scale": adaptive, "cfg": cfg, "rescale": rescale, "t": t,
               "conditional": floats(conditional), "unconditional": floats(unconditional), "perturbed": floats(perturbed),
               "guided": floats(guided)}


if __name__ == "__main__":
    with open(OUT, "w") as out:
        for case in cases():
            out.write(json.dumps(case, separators=(",", ":")) + "\n")
