#!/usr/bin/env python3
"""Write which neurons of a GGUF model coarse and fine sparsity keep, what the sparse models write, and the loop of Sirius.

The model is that of transformers in float64 with the file's weights dequantised; sparsity is simulated by dense products
(sparse_model.py). The prompts are those of smollm2.logits.json, with its token ids. The full model runs a prompt and
chooses the next token, `first`; with that the sparse model begins.

Which neuron is the last one kept is decided by scores that may differ by less than float32 resolves, and one other
neuron changes what all later layers see. A program in float32 can therefore be compared only as far as its choices are
the same, or when it is made to run the neurons kept here.

Output: OUT.json and OUT.bin. For each prompt and each of the SETTINGS, OUT.bin holds for each layer the neurons of the
step that `first` is run in, a bit each, the lowest of each byte first; `kept` in OUT.json has for each layer `cut`, the
lowest score kept and the highest not kept, and `near`, the neurons whose score is within NEAR of the cut, relatively,
with how far they are `off` it. `logits` holds the TOP best of that step, `greedy` the sparse model's own tokens after
`first`, and `margins` how far the best logit of each was ahead of the second.

`sirius` holds runs of sirius_loop.py, in float32. Step densities count all parameters: coarse
1 - (1 - d) * mlp / all, fine 1 - (1 - d) * 2/3 * mlp / all.

Needs transformers, accelerate, torch and gguf. Example:
  "$(tools/bench/peer-python transformers)" tests/golden/make_sparse.py "$(tools/get-model smollm2-135m-instruct)" --out tests/golden/smollm2.sparse
"""
import argparse
import importlib.metadata
import json
import pathlib

import numpy

from sirius_loop import TEMPERATURE, figures, margin, sirius
from sparse_model import SparseModel, best

SETTINGS = [("coarse", 0.5), ("coarse", 0.3), ("fine", 0.5), ("fine", 0.3)]
NEAR = 1e-3
TOP, STEPS = 16, 16
LOOPS = [("coarse", 0.5, 8), ("fine", 0.5, 8), ("fine", 0.5, 4)]
LOOP_PROMPTS = ["list", "code", "chat, haiku", "chat, summary", "prose, 256"]
LOOP_TOKENS, THRESHOLD = 48, 0.1


def layer_choice(scores, count):
    """Where the kept neurons are, as a mask, and what is written of their cut."""
    ranked = scores.sort(descending=True).values
    low, high = float(ranked[count - 1]), float(ranked[count])
    middle = (low + high) / 2
    off = scores / middle - 1
    near = (off.abs() <= NEAR).nonzero().flatten()
    return best(scores, count).numpy(), {"cut": [float(f"{low:.7g}"), float(f"{high:.7g}")], "near": near.tolist(),
                                         "off": [float(f"{value:.2e}") for value in off[near].tolist()]}


def first_step(parts, logits, which, binary):
    """What is written of the step of one setting that has just run."""
    kept = []
    for part in parts:
        mask, about = layer_choice(part.scores[which], part.ways[which][1])
        binary.write(numpy.packbits(mask, bitorder="little").tobytes())
        kept.append(about)
    top = logits[which].topk(TOP)
    return {"kept": kept, "logits": {"ids": top.indices.tolist(),
                                     "values": [float(f"{value:.9g}") for value in top.values.tolist()]}}


def continue_sparsely(model, first, binary):
    """The sparse models of all SETTINGS after a prompt: the kept neurons and best logits of the step that runs `first`,
    STEPS tokens, and their margins."""
    model.repeat(len(SETTINGS))
    made = [{"kind": kind, "density": density, "greedy": [], "margins": []} for kind, density in SETTINGS]
    tokens = [first] * len(SETTINGS)
    for step in range(STEPS):
        logits = model.sparse(tokens, SETTINGS)
        tokens = logits.argmax(dim=-1).tolist()
        for i, one in enumerate(made):
            if step == 0:
                one.update(first_step(model.parts, logits, i, binary))
            one["greedy"].append(tokens[i])
            one["margins"].append(round(margin(logits[i]), 4))
    return made


def step_density(model, kind, density):
    whole = sum(parameter.numel() for parameter in model.model.parameters())
    inner = sum(parameter.numel() for part in model.parts for parameter in part.parameters())
    return 1 - (1 - density) * (1 if kind == "coarse" else 2 / 3) * inner / whole


def run_loops(model, prompts):
    runs = []
    for prompt in prompts:
        for kind, density, period in LOOPS:
            tokens, checks, ends = sirius(model, prompt["tokens"], kind, density, period, THRESHOLD, LOOP_TOKENS)
            runs.append({"prompt": prompt["name"], "kind": kind, "density": density, "period": period,
                         "threshold": THRESHOLD, "step_density": step_density(model, kind, density), "tokens": tokens,
                         "checks": checks, "sparse_ends": ends,
                         **figures(checks, period, step_density(model, kind, density))})
            print(f"{prompt['name']}, {kind} {density}, {period}: AAL {runs[-1]['aal']:.2f}, "
                  f"smallest margin {min(check['margin'] for check in checks)}, {ends} ends", flush=True)
    return runs


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="GGUF file")
    parser.add_argument("--out", required=True, help="path without ending")
    parser.add_argument("--threads", type=int, default=1, help="of torch [1]; the order of its sums depends on them")
    args = parser.parse_args()
    model = SparseModel(args.model, args.threads)
    given = json.loads((pathlib.Path(__file__).parent / "smollm2.logits.json").read_text(encoding="utf-8"))["prompts"]
    prompts = []
    with open(args.out + ".bin", "wb") as binary:
        for prompt in given:
            first = int(model.start(prompt["tokens"]).argmax())
            sparse = continue_sparsely(model, first, binary)
            prompts.append({"name": prompt["name"], "first": first, "sparse": sparse})
            print(f"{prompt['name']}: smallest margin {min(min(s['margins']) for s in sparse)}, "
                  f"{max(len(k['near']) for s in sparse for k in s['kept'])} neurons near a cut", flush=True)
    layers, neurons = len(model.parts), model.parts[0].neurons
    del model
    runs = run_loops(SparseModel(args.model, args.threads, single=True),
                     [prompt for prompt in given if prompt["name"] in LOOP_PROMPTS])
    versions = {name: importlib.metadata.version(name) for name in ("transformers", "torch", "gguf")}
    made = {"made_by": "tests/golden/make_sparse.py", "versions": versions, "layers": layers, "near": NEAR,
            "neurons": neurons, "temperature": TEMPERATURE, "prompts": prompts, "sirius": runs}
    with open(args.out + ".json", "w", encoding="utf-8", newline="\n") as out:
        json.dump(made, out, ensure_ascii=False, separators=(",", ":"))
        out.write("\n")


if __name__ == "__main__":
    main()
