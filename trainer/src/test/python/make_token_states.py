"""Writes the golden of StarterTextEncoderTest: what the ONNX file of all-MiniLM-L6-v2 makes of a few sentences.

Usage: make_token_states.py JAR, the jar that the build fetches. Needs onnxruntime, tokenizers, safetensors.
"""
import pathlib, sys, zipfile
import numpy as np, onnxruntime
from safetensors.numpy import save_file
from tokenizers import Tokenizer

SENTENCES = ["a red apple", "Flag of Curaçao, green background", "", "an owl wearing glasses reads a book by candlelight"]
TOKENS = 24

jar = zipfile.ZipFile(sys.argv[1])
session = onnxruntime.InferenceSession(jar.read("all-minilm-l6-v2.onnx"))
tokenizer = Tokenizer.from_str(jar.read("all-minilm-l6-v2-tokenizer.json").decode())
tokenizer.no_padding()
tensors = {}
for i, sentence in enumerate(SENTENCES):
    ids = np.array([tokenizer.encode(sentence).ids[:TOKENS]], dtype=np.int64)
    states = session.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)})[0]
    tensors[f"{i}.ids"] = ids
    tensors[f"{i}.states"] = states.astype(np.float16)
out = pathlib.Path(__file__).parent.parent / "resources/dev/darkroom/trainer/starter/token-states.safetensors"
save_file(tensors, out)
