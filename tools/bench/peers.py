"""Time decoding and prefill of one GGUF file in llama.cpp and in Retort, in turn; print medians and ratios.

Both sides get the same file and threads, run in processes of their own, and alternate, so that a change of the
machine's speed falls on both. Steps of n tokens after a context of `--prompt` tokens are timed for n in --steps.
"""
import argparse
import json
import statistics
import subprocess
import sys
import time


def peer(path: str, threads: int, prompt: int, steps: list[int], repeats: int) -> dict[str, float]:
    """One process's worth of llama.cpp: tokens/s of prefill and of steps of n tokens (best guess: the median)."""
    from llama_cpp import Llama

    llama = Llama(path, n_ctx=1024, n_threads=threads, n_threads_batch=threads, n_batch=512, verbose=False, logits_all=False)
    tokens = [(i * 7919) % 40000 + 100 for i in range(prompt)]
    figures: dict[str, float] = {}
    llama.reset()
    llama.eval(tokens)  # warm-up
    times = []
    for _ in range(3):
        llama.reset()
        begin = time.perf_counter()
        llama.eval(tokens)
        times.append(time.perf_counter() - begin)
    figures["prefill"] = prompt / statistics.median(times)
    for n in steps:
        times = []
        for i in range(repeats):
            # The context stays at `prompt` tokens: what a step appended is taken back before the next.
            llama.n_tokens = prompt
            step = [(i * 31 + j * 17) % 40000 + 100 for j in range(n)]
            begin = time.perf_counter()
            llama.eval(step)
            times.append(time.perf_counter() - begin)
        figures[f"step {n}"] = n / statistics.median(times)
    return figures


def own(retort: str, path: str, threads: int, prompt: int, steps: list[int]) -> dict[str, float]:
    out = subprocess.run(
        [retort, "bench", "decode", "--model", path, "--threads", str(threads), "--prompt", str(prompt),
         "--steps", ",".join(map(str, steps)), "--json"], check=True, capture_output=True, text=True).stdout
    data = json.loads(out)
    figures = {"prefill": data["prefill_tokens_per_second"]}
    for n in steps:
        figures[f"step {n}"] = n * data["tokens_per_second"] / data["v"][str(n)]
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="path of a GGUF file")
    parser.add_argument("--retort", help="the retort binary")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--prompt", type=int, default=128)
    parser.add_argument("--steps", default="1,2,4,8,16")
    parser.add_argument("--peer-once", action="store_true", help="run llama.cpp once and print JSON (used by this script)")
    args = parser.parse_args()
    steps = [int(n) for n in args.steps.split(",")]
    if args.peer_once:
        print(json.dumps(peer(args.model, args.threads, args.prompt, steps, repeats=24)))
        return
    ours: dict[str, list[float]] = {}
    theirs: dict[str, list[float]] = {}
    for run in range(args.runs):
        out = subprocess.run([sys.executable, __file__, "--peer-once", "--model", args.model, "--threads", str(args.threads),
                              "--prompt", str(args.prompt), "--steps", args.steps], check=True, capture_output=True, text=True)
        for name, value in json.loads(out.stdout.splitlines()[-1]).items():
            theirs.setdefault(name, []).append(value)
        for name, value in own(args.retort, args.model, args.threads, args.prompt, steps).items():
            ours.setdefault(name, []).append(value)
        print(f"run {run + 1} of {args.runs} done", file=sys.stderr)
    print(f"{'tokens/s':<12}{'llama.cpp':>12}{'retort':>12}{'ratio':>8}{'min':>8}{'max':>8}")
    for name, values in theirs.items():
        ratios = [mine / other for mine, other in zip(ours[name], values)]
        print(f"{name:<12}{statistics.median(values):>12.1f}{statistics.median(ours[name]):>12.1f}"
              f"{statistics.median(ratios):>8.2f}{min(ratios):>8.2f}{max(ratios):>8.2f}")


if __name__ == "__main__":
    main()
