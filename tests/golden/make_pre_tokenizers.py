#!/usr/bin/env python3
"""Write how Hugging Face's `tokenizers` cuts strings into words, for each pre-tokenizer that Retort knows.

Each is set up as the publishers of its family do in tokenizer.json. Output: JSON lines. The first is an object about
the file, each other one [text, {name: [length of each word in bytes]}].

Needs tokenizers. Example: python3 tests/golden/make_pre_tokenizers.py --out tests/golden/pre_tokenizers.jsonl
"""
import argparse
import importlib.metadata
import json

from tokenizers import Regex, pre_tokenizers

from token_strings import make_strings

CONTRACTIONS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"
REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"


def split(expression):
    return pre_tokenizers.Split(Regex(expression), behavior="isolated", invert=False)


def set_up():
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    return {
        "gpt2": byte_level,
        "smollm": pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), byte_level]),
        "llama-bpe": split(CONTRACTIONS + r"\p{N}{1,3}" + REST),
        "qwen2": split(CONTRACTIONS + r"\p{N}" + REST),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True)
    parser.add_argument("--count", type=int, default=1000, help="strings [1000]")
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    oracles = set_up()
    lines = []
    for _, text in make_strings(args.count, args.seed):
        lengths = {}
        for name, oracle in oracles.items():
            words = [text[begin:end] for _, (begin, end) in oracle.pre_tokenize_str(text)]
            assert "".join(words) == text
            lengths[name] = [len(word.encode()) for word in words]
        lines.append([text, lengths])
    about = {"made_by": "tests/golden/make_pre_tokenizers.py", "seed": args.seed,
             "versions": {"tokenizers": importlib.metadata.version("tokenizers")}}
    with open(args.out, "w", encoding="utf-8", newline="\n") as out:
        for line in [about, *lines]:
            out.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")
    print(len(lines), "strings;", json.dumps(about))


if __name__ == "__main__":
    main()
