#!/usr/bin/env python3
"""Make tasks with checkable answers that a small model can do.

A record a line: `id`, `kind`, `prompt` or `messages`, `answer` (a text, or a list of them), `check` (how a completion is
compared with the answer) and `max_tokens` (enough for the answer). An answer is one line: decode with `stop: ["\\n"]`.
The same arguments give the same bytes. Example:
  tools/tasks/make_tasks.py --out pipelines/data/tasks.jsonl
"""
import argparse
import json
import sys

from draw import Draw
from kinds import KINDS


def tasks(seed: int, per_kind: int):
    """Kind after kind; no two tasks of a kind ask the same."""
    for kind in KINDS:
        asked, tried = set(), 0
        while len(asked) < per_kind:
            made = kind.make(Draw(f"{seed} {kind.name} {tried}"))
            tried += 1
            answer = made.pop("answer")
            question = json.dumps(made)
            if question in asked:
                continue
            asked.add(question)
            yield {"id": f"{kind.name}-{len(asked):02}", "kind": kind.name, **made, "answer": answer,
                   "check": kind.check, "max_tokens": kind.max_tokens}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", default="-", help="the file to write; - is standard output [-]")
    parser.add_argument("--per-kind", type=int, default=36, help="tasks of each kind [36]")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    if not 1 <= args.per_kind <= 1000:
        parser.error(f"--per-kind: expected 1 to 1000, got {args.per_kind}")
    text = "".join(json.dumps(task, ensure_ascii=False) + "\n" for task in tasks(args.seed, args.per_kind))
    if args.out == "-":
        sys.stdout.write(text)
        return
    with open(args.out, "w", encoding="utf-8", newline="\n") as out:
        out.write(text)


if __name__ == "__main__":
    main()
