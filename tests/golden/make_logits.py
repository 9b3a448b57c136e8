#!/usr/bin/env python3
"""Write logits and greedy continuations of a GGUF model as transformers computes them in float32.

The weights are the file's own, dequantised; the token ids come from llama.cpp. For every prompt there are some
positions, the last one among them; for each position the file holds the logits of the 64 most likely tokens, and
those of the same 192 tokens drawn at random. A greedy continuation has the margin between the two best logits of each
step: where it is small, a correct program may go another way.

Output: OUT.json (prompts and continuations) and OUT.bin, which is for each prompt and position in order 64 int32 ids,
64 float32 logits and 192 float32 logits, little endian.

Needs llama-cpp-python, transformers, accelerate, torch and gguf. Example:
  python3 tests/golden/make_logits.py "$(tools/get-model smollm2-135m-instruct)" --out tests/golden/smollm2.logits
"""
import argparse
import importlib.metadata
import json
import os
import pathlib

os.environ["HF_HUB_OFFLINE"] = "1"

import llama_cpp
import numpy as np
import torch
from transformers import AutoModelForCausalLM

from prompts import PROMPTS

TOP, SAMPLED, BATCH = 64, 192, 7


def choose_positions(count):
    """The last position and up to three inner ones."""
    return sorted({0, count // 3, 2 * count // 3, count - 1})


@torch.inference_mode()
def continue_greedily(model, prompts, steps):
    """Ids and margins of the continuations of several prompts, run as one batch with padding before the shorter ones."""
    longest = max(map(len, prompts))
    tokens = torch.tensor([[0] * (longest - len(prompt)) + prompt for prompt in prompts])
    mask = torch.tensor([[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts])
    positions = (mask.cumsum(1) - 1).clamp(min=0)
    ids, margins, cache = [], [], None
    for _ in range(steps):
        step = model(tokens, attention_mask=mask, position_ids=positions, past_key_values=cache, use_cache=True, logits_to_keep=1)
        best = step.logits[:, -1].topk(2)
        tokens, cache = best.indices[:, :1], step.past_key_values
        mask = torch.cat([mask, torch.ones_like(tokens)], dim=1)
        positions = positions[:, -1:] + 1
        ids.append(best.indices[:, 0].tolist())
        margins.append([round(float(m), 4) for m in best.values[:, 0] - best.values[:, 1]])
    return list(zip(*ids)), list(zip(*margins))


@torch.inference_mode()
def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="GGUF file")
    parser.add_argument("--out", required=True, help="path without ending")
    parser.add_argument("--steps", type=int, default=64, help="new tokens of each greedy continuation [64]")
    parser.add_argument("--seed", type=int, default=11, help="of the tokens drawn at random")
    parser.add_argument("--threads", type=int, default=1, help="of torch [1]; the order of its sums depends on them")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)

    llama = llama_cpp.Llama(args.model, vocab_only=True, verbose=False)
    path = pathlib.Path(args.model).resolve()
    model = AutoModelForCausalLM.from_pretrained(str(path.parent), gguf_file=path.name, dtype=torch.float32, attn_implementation="eager").eval()
    sampled = np.sort(np.random.default_rng(args.seed).choice(model.config.vocab_size, SAMPLED, replace=False))

    prompts = []
    with open(args.out + ".bin", "wb") as binary:
        for name, text, limit in PROMPTS:
            tokens = llama.tokenize(text.encode(), add_bos=False, special=True)[:limit]
            positions = choose_positions(len(tokens))
            logits = model(torch.tensor([tokens])).logits[0].numpy()
            for position in positions:
                row = logits[position]
                top = np.argsort(-row, kind="stable")[:TOP]
                binary.write(top.astype("<i4").tobytes() + row[top].astype("<f4").tobytes() + row[sampled].astype("<f4").tobytes())
            prompts.append({"name": name, "text": text if limit is None else None, "tokens": tokens, "positions": positions})
            print(f"{name}: {len(tokens)} tokens", flush=True)
    by_length = sorted(prompts, key=lambda prompt: len(prompt["tokens"]))
    for batch in (by_length[i:i + BATCH] for i in range(0, len(by_length), BATCH)):
        continued = continue_greedily(model, [prompt["tokens"] for prompt in batch], args.steps)
        for prompt, greedy, margins in zip(batch, *continued):
            prompt.update(greedy=greedy, margins=margins)
            print(f"{prompt['name']}: smallest margin {min(margins)}: {llama.detokenize(greedy[:24]).decode(errors='replace')!r}", flush=True)
    versions = {name: importlib.metadata.version(name) for name in ("llama-cpp-python", "transformers", "torch", "gguf")}
    about = {"made_by": "tests/golden/make_logits.py", "seed": args.seed, "versions": versions, "top": TOP, "sampled": sampled.tolist(), "prompts": prompts}
    with open(args.out + ".json", "w", encoding="utf-8", newline="\n") as out:
        json.dump(about, out, ensure_ascii=False, separators=(",", ":"))
        out.write("\n")


if __name__ == "__main__":
    main()
