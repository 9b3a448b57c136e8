"""How well texts keep to a model's law, by llama.cpp: what tools/bench/dial runs in a Python that has it.

Reads {"records": [...], "temperature": T} as JSON from stdin, the records as a run of Retort writes them, and prints JSON:
tokens of the completions, their mean log-probability under the model at T (1 where T is 0), the mean of log-probability
plus entropy, which is 0 in expectation where the text was drawn from the model, both with standard errors over the
records, in nats a token, and for how many records the completion's text has as many tokens as were generated.
"""
import argparse
import json
import math
import os
import sys

import numpy as np

from peer_generate import render, silent_llama


def scores(llama, prompt: list[int], completion: list[int], temperature: float) -> tuple[float, float]:
    """Sums over the completion: log p, and log p + entropy."""
    llama.reset()
    llama.eval(prompt + completion)
    rows = llama.scores[len(prompt) - 1:len(prompt) + len(completion) - 1].astype(np.float64) / temperature
    rows -= rows.max(axis=1, keepdims=True)
    log_p = rows - np.log(np.exp(rows).sum(axis=1, keepdims=True))
    entropy = -(np.exp(log_p) * log_p).sum()
    chosen = log_p[np.arange(len(completion)), completion].sum()
    return float(chosen), float(chosen + entropy)


def estimate(sums: list[float], counts: list[int]) -> dict[str, float]:
    """A ratio's mean and standard error, records being independent."""
    total, n = sum(counts), len(counts)
    mean = sum(sums) / total
    spread = sum((s - mean * c) ** 2 for s, c in zip(sums, counts)) * n / (n - 1)
    return {"mean": mean, "error": math.sqrt(spread) / total}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="a GGUF file")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    args = parser.parse_args()
    given = json.load(sys.stdin)
    temperature = given["temperature"] or 1.0
    prompts = render(args.model, given["records"])["prompts"]
    llama = silent_llama(args.model, n_ctx=2048, n_batch=2048, n_ubatch=512, n_threads=args.threads,
                         n_threads_batch=args.threads, logits_all=True)
    log_p, surplus, counts, alike = [], [], [], 0
    for record, prompt in zip(given["records"], prompts):
        completion = llama.tokenize(record["completion"].encode(), add_bos=False)
        ended = record["finish_reason"] == "stop"  # by the end token, which the text does not show
        alike += len(completion) + ended == record["usage"]["completion_tokens"]
        if not completion:
            continue
        sums = scores(llama, prompt, completion, temperature)
        log_p.append(sums[0])
        surplus.append(sums[1])
        counts.append(len(completion))
    print(json.dumps({"tokens": sum(counts), "log_p": estimate(log_p, counts), "surplus": estimate(surplus, counts),
                      "alike": alike}))


if __name__ == "__main__":
    main()
