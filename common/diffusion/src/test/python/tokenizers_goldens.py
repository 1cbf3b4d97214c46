"""Writes what transformers makes of awkward texts, for the tests of the tokenizers.

../resources/tokenizers/clip: vocab.json and merges.txt, the first merges of CLIP's own vocabulary; clip-json: the same as transformers 5 saves it.
../resources/tokenizers/t5: a small spiece.model with a few normalisation rules; t5-json: the same as transformers 5 saves it.
../resources/tokenizers/*.jsonl: ids. Those named real-* are of the whole vocabularies, which are not stored here.

Run: python tokenizers_goldens.py DATA    with DATA/clip/bpe_simple_vocab_16e6.txt.gz and DATA/t5/spiece.model
(transformers 5.23.0, tokenizers 0.23.3, sentencepiece 0.2.3, protobuf)
"""

import gzip
import io
import json
import pathlib
import shutil
import sys
import tempfile

from transformers import CLIPTokenizer, T5Tokenizer

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from tiny_pipeline import TEXTS  # noqa: E402

OUT = pathlib.Path(__file__).parent.parent / "resources" / "tokenizers"
BOS, EOS = "<|startoftext|>", "<|endoftext|>"

MORE = TEXTS + [
    "a photograph of an astronaut riding a horse", "masterpiece, best quality, (1girl:1.2), [solo], <lora:x:0.8>", "it's you're we've I'm they'll he'd CAN'T",
    "<|startoftext|>hello<|endoftext|> world <|ENDOFTEXT|>", "hello! wow!!! a!b !", "a1b22c333 1,000.50 3D", "&lt;b&gt; &amp; <b>", "\ufeffbom\u00ad soft",
    "日本語のテスト 한국어 テキスト", "👨‍👩‍👧‍👦👍🏽🇯🇵 ❤️ ♥", "ﬃ Å ﷺ ㍿ ①②", "e\u0301\u0301 q\u0307\u0323", "\x00\x01\x02 a\x1bb \x7f\x80\x9f",
    "a\u2003b\u205fc\u1680d\u180ee\u200bf\x0bg\x0ch\x85i", "İI ıi ẞß ŸÿǅǆΣςσ", "the quick brown fox " * 40, "x" * 2000, "🦊" * 120, "word," * 90, "__init__ a_b ^_^ ~~", "\u0000",
    "naïve café Ⅻ ½ ² ₂ ٣ ४", "<pad> </s> <unk> <extra_id_0> <extra_id_99>", "▁a ▁ b▁c", " leading and trailing  ", "\t\n\r", "ｆｕｌｌ　ｗｉｄｔｈ！", "a\u0300b \u0915\u094d\u0937 \u0e33",
    "don\u2019t \u201cquote\u201d", "http://example.com/a?b=c#d user@host.org", "𝕳𝖊𝖑𝖑𝖔 𝟘𝟙", "\u202eabc\u202c\u2066\u2069",
]

CONFIG = {"tokenizer_class": "CLIPTokenizer", "model_max_length": 77, "do_lower_case": True, "errors": "replace", "add_prefix_space": False}


def token(content):
    return {"content": content, "lstrip": False, "normalized": True, "rstrip": False, "single_word": False}


def clip_folder(folder, data, merge_count, pad):
    """As the folders of Stable Diffusion have it: 2 and XL's second tokenizer pad with "!"."""
    lines = gzip.open(data / "clip/bpe_simple_vocab_16e6.txt.gz").read().decode().split("\n")
    merges = lines[1 : 49152 - 256 - 2 + 1][:merge_count]
    printable = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    letters = [chr(b) for b in printable] + [chr(256 + n) for n in range(256 - len(printable))]
    tokens = letters + [c + "</w>" for c in letters] + ["".join(m.split()) for m in merges] + [BOS, EOS]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps({t: i for i, t in enumerate(tokens)}, ensure_ascii=False))
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n")
    named = {"bos_token": token(BOS), "eos_token": token(EOS), "unk_token": token(EOS)}
    typed = {k: {"__type": "AddedToken", **v} for k, v in named.items()}
    (folder / "tokenizer_config.json").write_text(json.dumps(CONFIG | typed | {"pad_token": EOS}, indent=2) + "\n")
    (folder / "special_tokens_map.json").write_text(json.dumps(named | {"pad_token": pad}, indent=2) + "\n")


def t5_folder(folder):
    """A unigram model of its own, with a few rules of normalisation so that there is a map of characters."""
    import sentencepiece

    rules = folder.parent / "rules.tsv"
    rules.write_text("FF01\t21\nFF41\t61\nFB01\t66 69\nA0\t20\n3000\t20\nBD\t31 2F 32\n")
    text = " ".join(MORE[:30] + ["a small photo of the old house in the warm night, and nothing else but trees"] * 3)
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([text[i : i + 200] for i in range(0, len(text), 200)]), model_writer=model, vocab_size=300, hard_vocab_limit=False, pad_id=0, eos_id=1,
        unk_id=2, bos_id=-1, normalization_rule_tsv=str(rules), num_threads=1, character_coverage=0.98, minloglevel=2)
    rules.unlink()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "spiece.model").write_bytes(model.getvalue())
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "T5Tokenizer", "model_max_length": 64, "extra_ids": 100, "eos_token": "</s>", "pad_token": "<pad>"}) + "\n")


def ids(name, tokenizer, length):
    with open(OUT / f"{name}.jsonl", "w") as out:
        for text in MORE:
            row = {"text": text, "ids": tokenizer(text, padding="max_length", max_length=length, truncation=True)["input_ids"]}
            whole = tokenizer(text, add_special_tokens=False)["input_ids"]
            row["content"] = whole if len(whole) < 200 else whole[:200]
            row["count"] = len(whole)
            out.write(json.dumps(row) + "\n")


def main(data):
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        clip_folder(OUT / "clip", data, 400, "!")
        small = CLIPTokenizer.from_pretrained(OUT / "clip")
        small.save_pretrained(OUT / "clip-json")
        ids("clip", small, 77)
        for name, pad in (("real-clip", EOS), ("real-clip-2", "!")):
            clip_folder(scratch / name, data, None, pad)
            ids(name, CLIPTokenizer.from_pretrained(scratch / name), 77)
        t5_folder(OUT / "t5")
        small = T5Tokenizer.from_pretrained(OUT / "t5")
        small.save_pretrained(OUT / "t5-json")
        ids("t5", small, 64)
        real = scratch / "real-t5"
        real.mkdir()
        shutil.copy(data / "t5/spiece.model", real)
        shutil.copy(OUT / "t5/tokenizer_config.json", real)
        ids("real-t5", T5Tokenizer.from_pretrained(real), 64)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
