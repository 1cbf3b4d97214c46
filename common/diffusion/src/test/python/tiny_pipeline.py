"""Writes a small random Stable Diffusion folder with a BERT text encoder, and what stock diffusers makes of it.

../resources/pipelines/tiny: the folder, float16 safetensors, no part dead.
../resources/pipelines/tiny.safetensors: final latents and pictures of several runs; the metadata entry "cases" says of which.
../resources/pipelines/tokens.jsonl: ids of awkward texts, of its vocabulary.

Run: python tiny_pipeline.py    (PyTorch 2.7.1, diffusers 0.42.1, transformers 5.23.0)
"""

import json
import pathlib
import shutil
import tempfile

import torch
from diffusers import (
    AutoencoderKL,
    DPMSolverMultistepScheduler,
    StableDiffusionPipeline,
    UNet2DConditionModel,
)
import diffusers
from safetensors.torch import load_file, save_file
from transformers import BertConfig, BertModel, BertTokenizer

OUT = pathlib.Path(__file__).parent.parent / "resources" / "pipelines"
CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789!\"#$%&'()*+,-./:;<=>?@[]^_`{|}~"
WORDS = "a an the of on in red green blue yellow apple cat dog house sun moon picture photo big small old new un happy night day tree ##s ##ing ##ed ##ly ##er ##ness ##ple ##ap é 中 文 ß 😀 ы".split()


def vocabulary():
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + list(CHARACTERS)
    tokens += ["##" + c for c in CHARACTERS if c.isalnum()] + WORDS
    return list(dict.fromkeys(tokens))


def enliven(module, generator):
    """Redraws what starts as a constant, so that a wrong branch shows."""
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if parameter.numel() > 1 and parameter.std() == 0:
                base = 1.0 if parameter.mean() == 1 else 0.0
                parameter.copy_(base + 0.2 * torch.randn(parameter.shape, generator=generator))
            # What the file holds is what both sides compute with.
            parameter.copy_(parameter.half().float())
    return module.eval()


def build():
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(1)
    tokens = vocabulary()
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "vocab.txt"
        path.write_text("\n".join(tokens) + "\n")
        tokenizer = BertTokenizer.from_pretrained(folder, model_max_length=12)
    text_encoder = BertModel(
        BertConfig(
            vocab_size=len(tokens), hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48,
            max_position_embeddings=16, initializer_range=0.2,
        ),
        add_pooling_layer=False,
    )
    text_encoder.config.use_attention_mask = True
    unet = UNet2DConditionModel(
        sample_size=8, in_channels=4, out_channels=4, layers_per_block=1, block_out_channels=(16, 32),
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=32, attention_head_dim=4, norm_num_groups=8, use_linear_projection=True,
    )
    vae = AutoencoderKL(
        block_out_channels=(8, 16, 16), down_block_types=("DownEncoderBlock2D",) * 3, up_block_types=("UpDecoderBlock2D",) * 3,
        latent_channels=4, layers_per_block=1, norm_num_groups=4, scaling_factor=0.5, sample_size=32,
    )
    scheduler = DPMSolverMultistepScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", prediction_type="v_prediction",
        timestep_spacing="trailing",
    )
    return StableDiffusionPipeline(
        vae=enliven(vae, generator), text_encoder=enliven(text_encoder, generator), tokenizer=tokenizer,
        unet=enliven(unet, generator), scheduler=scheduler, safety_checker=None, feature_extractor=None,
        requires_safety_checker=False,
    )


CASES = [
    {"prompt": "a red apple", "scheduler": None, "steps": 4, "guidance_scale": 5.0, "seed": 0},
    {"prompt": "a red apple", "scheduler": None, "steps": 20, "guidance_scale": 3.0, "seed": 1},
    {"prompt": "a red apple", "scheduler": None, "steps": 5, "guidance_scale": 1.0, "seed": 2},
    {"prompt": "a blue cat", "negative_prompt": "old dog, ugly", "scheduler": "DDIMScheduler", "steps": 6, "guidance_scale": 7.5, "seed": 3},
    {"prompt": "a blue cat", "scheduler": "DDIMScheduler", "steps": 6, "guidance_scale": 4.0, "seed": 4, "eta": 0.7},
    {"prompt": "the sun on the old house", "scheduler": "DDPMScheduler", "steps": 8, "guidance_scale": 2.5, "seed": 5},
    {"prompt": "night", "scheduler": "EulerDiscreteScheduler", "steps": 7, "guidance_scale": 6.0, "seed": 6},
    {"prompt": "night", "scheduler": "dpmpp-2m-karras", "steps": 9, "guidance_scale": 6.0, "seed": 7},
    {"prompt": "", "scheduler": None, "steps": 3, "guidance_scale": 5.0, "seed": 8},
    {"prompt": "a long photo of a big happy tree in the night of the new moon on an old house", "scheduler": None, "steps": 3,
     "guidance_scale": 5.0, "guidance_rescale": 0.7, "seed": 9},
    {"prompt": "green", "scheduler": None, "steps": 3, "guidance_scale": 5.0, "seed": 10, "width": 48, "height": 24},
    {"prompt": "two moons", "scheduler": "DDIMScheduler", "steps": 3, "guidance_scale": 5.0, "seed": 2**32 + 3, "images": 2, "eta": 1.0},
]

TEXTS = [
    "", " ", "a red apple", "A RED Apple!", "unhappyness", "apples, cats & dogs", "été à la plage", "naïve ß ẞ İstanbul", "中文 and 日本語",
    "😀 happy 👩‍👩‍👧 day 🇫🇷", "tab\tnew\nline\r\x00\x01\x7f end", "\u200bzero\u200dwidth\ufeff", "a\u00a0b\u3000c\u2028d", "[SEP] in the [MASK] [PAD] [cls]",
    "x" * 300, "ﬁne ½ ² Ⅳ ａｂｃ", "e\u0301 \u0301", "\u202eright to left\u202c العربية עברית", "ไทย हिन्दी", "-- ... ??? '''", "don't stop",
    "a" * 5 + " " + "b" * 101, "\ud7ff\ue000\ufffd", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𠀀 𪚥", "one two three four five six seven eight nine ten eleven twelve thirteen", "##ing [UNK] #",
    "１２３ ①", "Ünïcödé", "K\u212a \u2160", "\n", "«quotes» “curly” — dash…", "ы Ы",
]


def run(case, output_type):
    pipe = StableDiffusionPipeline.from_pretrained(OUT / "tiny", torch_dtype=torch.float32)
    pipe.set_progress_bar_config(disable=True)
    name = case["scheduler"]
    if name == "dpmpp-2m-karras":
        pipe.scheduler = DPMSolverMultistepScheduler.from_config(pipe.scheduler.config, use_karras_sigmas=True)
    elif name:
        pipe.scheduler = getattr(diffusers, name).from_config(pipe.scheduler.config)
    images = case.get("images", 1)
    return pipe(
        prompt=case["prompt"],
        negative_prompt=case.get("negative_prompt"),
        num_inference_steps=case["steps"],
        guidance_scale=case["guidance_scale"],
        guidance_rescale=case.get("guidance_rescale", 0.0),
        eta=case.get("eta", 0.0),
        width=case.get("width"),
        height=case.get("height"),
        num_images_per_prompt=images,
        generator=[torch.Generator("cpu").manual_seed(case["seed"] + i) for i in range(images)],
        output_type=output_type,
    ).images


def write_vocabulary_folder(tokens):
    """The same tokenizer as older folders hold it."""
    folder = OUT / "vocabulary"
    folder.mkdir(exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join(tokens) + "\n")
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"do_lower_case": True, "model_max_length": 12, "tokenizer_class": "BertTokenizer"}) + "\n"
    )


if __name__ == "__main__":
    torch.set_num_threads(1)
    shutil.rmtree(OUT / "tiny", ignore_errors=True)
    OUT.mkdir(parents=True, exist_ok=True)
    build().save_pretrained(OUT / "tiny", variant=None)
    for part in ("text_encoder", "unet", "vae"):
        for file in (OUT / "tiny" / part).glob("*.safetensors"):
            halves = {k: v.half() if v.is_floating_point() else v for k, v in load_file(file).items()}
            save_file(halves, file, metadata={"format": "pt"})
    write_vocabulary_folder(vocabulary())
    tensors = {}
    for i, case in enumerate(CASES):
        latents = run(case, "latent")
        pictures = torch.from_numpy((run(case, "np") * 255).round().astype("uint8"))
        print(i, tuple(latents.shape), "latent std %.3f" % latents.std(), "picture std %.1f" % pictures.float().std())
        tensors[f"{i}.latents"] = latents.contiguous()
        tensors[f"{i}.pictures"] = pictures.contiguous()
    save_file(tensors, OUT / "tiny.safetensors", metadata={"cases": json.dumps(CASES)})
    tokenizer = BertTokenizer.from_pretrained(OUT / "tiny" / "tokenizer")
    old = BertTokenizer.from_pretrained(OUT / "vocabulary")
    with open(OUT / "tokens.jsonl", "w") as out:
        for text in TEXTS:
            ids = tokenizer(text, padding="max_length", max_length=12, truncation=True)
            assert ids == old(text, padding="max_length", max_length=12, truncation=True)
            long = tokenizer(text, padding="max_length", max_length=200, truncation=True)["input_ids"]
            row = {"text": text, "ids": ids["input_ids"], "mask": ids["attention_mask"], "long": long[: 1 + max(i for i, t in enumerate(long) if t)]}
            out.write(json.dumps(row) + "\n")
    for file in OUT.rglob("*.safetensors"):
        file.chmod(0o644)
