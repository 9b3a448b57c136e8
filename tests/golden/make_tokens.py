#!/usr/bin/env python3
"""Write token ids of many strings, as llama.cpp gives them and Hugging Face's `tokenizers` confirms.

Two oracles read the same vocabulary: llama-cpp-python from the GGUF file, and `tokenizers` set up as the model's
publisher does (numbers one by one, then GPT-2's byte-level expression, then BPE). Strings on which the two differ are
counted and printed; the ids kept are those of --keep.

Output: JSON lines. The first is an object about the file, each other one [text, parse_special, [ids]].

Needs llama-cpp-python, tokenizers and gguf. Example:
  python3 tests/golden/make_tokens.py "$(tools/get-model smollm2-135m-instruct)" --out tests/golden/smollm2.tokens.jsonl
"""
import argparse
import collections
import importlib.metadata
import json

import gguf
import llama_cpp
import tokenizers
from tokenizers import models, pre_tokenizers

from token_strings import make_strings


def published_tokenizer(path):
    """The tokenizer as the publisher sets it up, from the GGUF's vocabulary."""
    fields = gguf.GGUFReader(path).fields
    read = lambda key: fields["tokenizer.ggml." + key].contents()
    tokens, types = read("tokens"), read("token_type")
    merges = [tuple(merge.split(" ")) for merge in read("merges")]
    model = models.BPE(vocab={t: i for i, t in enumerate(tokens)}, merges=merges)
    oracle = tokenizers.Tokenizer(model)
    oracle.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)])
    return oracle, [tokenizers.AddedToken(t, special=True, normalized=False) for t, kind in zip(tokens, types) if kind == 3]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="GGUF file")
    parser.add_argument("--out", required=True)
    parser.add_argument("--count", type=int, default=10000, help="strings [10000]")
    parser.add_argument("--seed", type=int, default=20240131)
    parser.add_argument("--keep", choices=["llama.cpp", "tokenizers"], default="llama.cpp", help="whose ids are kept where they differ")
    args = parser.parse_args()

    llama = llama_cpp.Llama(args.model, vocab_only=True, verbose=False)
    plain, markers = published_tokenizer(args.model)
    special, _ = published_tokenizer(args.model)
    special.add_special_tokens(markers)

    lines, differ = [], collections.Counter()
    for kind, text in make_strings(args.count, args.seed):
        for parse in ([False, True] if "<" in text and kind in ("markers", "mixed") else [True]):
            ids = llama.tokenize(text.encode(), add_bos=False, special=parse)
            other = (special if parse else plain).encode(text, add_special_tokens=False).ids
            if ids != other:
                differ[kind] += 1
                print(f"differ: {kind} {text!r} special={parse}\n  llama.cpp  {ids}\n  tokenizers {other}")
            lines.append([text, parse, ids if args.keep == "llama.cpp" else other])
    versions = {name: importlib.metadata.version(name) for name in ("llama-cpp-python", "tokenizers", "gguf")}
    about = {"made_by": "tests/golden/make_tokens.py", "seed": args.seed, "strings": len(lines), "ids_of": args.keep,
             "oracles_differ_on": sum(differ.values()), "versions": versions}
    with open(args.out, "w", encoding="utf-8", newline="\n") as out:
        for line in [about, *lines]:
            out.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")
    print(json.dumps(about), dict(differ))


if __name__ == "__main__":
    main()
