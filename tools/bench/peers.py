"""Time llama.cpp and Retort on the same GGUF files, in turn; print medians and ratios.

Both sides get the same file and threads, run in processes of their own, and alternate, so that a change of the
machine's speed falls on both. A step of n tokens follows a context of --prompt tokens and gives the logits of every
token in it: "step n" of one sequence, "batch n" of n sequences.
"""
import argparse
import ctypes
import json
import os
import statistics
import subprocess
import sys
import time


def resident_bytes() -> int:
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS"))


class Peer:
    """llama.cpp by its C interface: a model, a context for some sequences, and one step at a time."""

    def __init__(self, path: str, threads: int, context: int, sequences: int):
        import llama_cpp as api

        self.api = api
        silent = api.llama_log_callback(lambda level, text, data: None)
        api.llama_log_set(silent, ctypes.c_void_p(0))
        self.silent = silent  # kept alive
        self.resident_before = resident_bytes()
        self.begin = time.perf_counter()
        self.model = api.llama_model_load_from_file(path.encode(), api.llama_model_default_params())
        params = api.llama_context_default_params()
        params.n_ctx, params.n_batch, params.n_ubatch = context, 4096, 512
        params.n_seq_max, params.kv_unified = sequences, True
        params.n_threads = params.n_threads_batch = threads
        self.context = api.llama_init_from_model(self.model, params)
        self.memory = api.llama_get_memory(self.context)
        self.batch = api.llama_batch_init(4096, 0, 1)

    def step(self, rows: list[tuple[int, int, int]], logits_from: int = 0) -> float:
        """Seconds of a step over (token, position, sequence); logits of rows from `logits_from` on."""
        batch = self.batch
        batch.n_tokens = len(rows)
        for i, (token, position, sequence) in enumerate(rows):
            batch.token[i], batch.pos[i], batch.n_seq_id[i] = token, position, 1
            batch.seq_id[i][0] = sequence
            batch.logits[i] = i >= logits_from
        begin = time.perf_counter()
        if self.api.llama_decode(self.context, batch) != 0:
            raise RuntimeError("llama_decode failed")
        self.api.llama_synchronize(self.context)
        self.api.llama_get_logits_ith(self.context, len(rows) - 1)
        return time.perf_counter() - begin

    def cut(self, length: int, sequences: int = 1) -> None:
        for sequence in range(sequences):
            self.api.llama_memory_seq_rm(self.memory, sequence, length, -1)


def token(i: int) -> int:
    return (i * 7919) % 40000 + 100


def peer(path: str, threads: int, prompt: int, steps: list[int], repeats: int) -> dict[str, float]:
    """One process's worth of llama.cpp. Speeds in tokens/s from medians; seconds; bytes."""
    llama = Peer(path, threads, prompt + 16 * 32, max(steps + [1]))
    figures: dict[str, float] = {}
    llama.step([(token(i), i, 0) for i in range(16)], 15)
    figures["load to first logits, s"] = time.perf_counter() - llama.begin
    text = [(token(i), i, 0) for i in range(prompt)]
    times = []
    for i in range(4 if prompt <= 1024 else 2):
        llama.cut(0)
        times.append(llama.step(text, prompt - 1))
    figures[f"prefill {prompt}"] = prompt / statistics.median(times[1:])
    for n in steps:
        times = []
        for i in range(repeats):
            times.append(llama.step([(token(i + j), prompt + j, 0) for j in range(n)]))
            llama.cut(prompt)
        figures[f"step {n}"] = n / statistics.median(times[2:])
    for sequence in range(1, max(steps)):
        llama.api.llama_memory_seq_cp(llama.memory, 0, sequence, 0, -1)
    for n in steps:
        if n == 1:
            continue
        times = []
        for i in range(repeats):
            times.append(llama.step([(token(i + j), prompt, j) for j in range(n)]))
            llama.cut(prompt, n)
        figures[f"batch {n}"] = n / statistics.median(times[2:])
    figures["memory, MB"] = (resident_bytes() - llama.resident_before) / 1e6
    return figures


def retort(binary: str, path: str, threads: int, prompt: int, steps: list[int], repeats: int) -> dict[str, float]:
    command = [binary, "bench", "decode", "--model", path, "--threads", str(threads), "--prompt", str(prompt),
               "--steps", ",".join(map(str, steps)), "--repeats", str(repeats), "--json"]

    def run(*more: str) -> dict:
        return json.loads(subprocess.run(command + list(more), check=True, capture_output=True, text=True).stdout)

    data = run()
    figures = {"load to first logits, s": data["first_logits_seconds"],
               f"prefill {prompt}": data["prefill_tokens_per_second"],
               "memory, MB": (data["resident_bytes"] - data["resident_bytes_before"]) / 1e6}
    for n in steps:
        figures[f"step {n}"] = n / data["step_seconds"][str(n)]
        figures[f"limit: step {n}"] = data["attained_over_limit_of_step"][str(n)]
    figures["limit: prefill"] = data["prefill_attained_over_limit"]
    if len(steps) > 1:
        many = run("--many")
        for n in steps:
            if n > 1:
                figures[f"batch {n}"] = n / many["step_seconds"][str(n)]
    return figures


def compare(args: argparse.Namespace, name: str, path: str, prompt: int, steps: list[int]) -> list[dict]:
    ours: dict[str, list[float]] = {}
    theirs: dict[str, list[float]] = {}
    for run in range(args.runs):
        out = subprocess.run([sys.executable, __file__, "--peer-once", "--model", path, "--threads", str(args.threads),
                              "--prompt", str(prompt), "--steps", ",".join(map(str, steps))],
                             check=True, capture_output=True, text=True)
        for figure, value in json.loads(out.stdout.splitlines()[-1]).items():
            theirs.setdefault(figure, []).append(value)
        for figure, value in retort(args.retort, path, args.threads, prompt, steps, args.repeats).items():
            ours.setdefault(figure, []).append(value)
        print(f"{name}, context {prompt}: run {run + 1} of {args.runs} done", file=sys.stderr)
    rows = []
    for figure, values in theirs.items():
        ratios = [mine / other for mine, other in zip(ours[figure], values)]
        kind = "prefill" if figure.startswith("prefill") else figure
        limit = ours.get(f"limit: {kind}")
        rows.append({"weights": name, "context": prompt, "figure": figure, "llama.cpp": statistics.median(values),
                     "retort": statistics.median(ours[figure]), "ratio": statistics.median(ratios),
                     "lowest": min(ratios), "highest": max(ratios),
                     "of_limit": statistics.median(limit) if limit else None})
    return rows


def print_heading() -> None:
    print("| weights | context | figure (tokens/s unless it says) | llama.cpp | Retort | ratio (lowest, highest) | of the limit |")
    print("| --- | --- | --- | --- | --- | --- | --- |", flush=True)


def print_rows(rows: list[dict]) -> None:
    for row in rows:
        digits = 3 if row["retort"] < 10 else 1
        limit = f"{row['of_limit']:.2f}" if row["of_limit"] else ""
        print(f"| {row['weights']} | {row['context']} | {row['figure']} | {row['llama.cpp']:.{digits}f} "
              f"| {row['retort']:.{digits}f} | {row['ratio']:.2f} ({row['lowest']:.2f}, {row['highest']:.2f}) | {limit} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", action="append", default=[], help="NAME=PATH of a GGUF file; may be given again")
    parser.add_argument("--retort", help="the retort binary")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=24)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--prompt", default="128", help="tokens of context, several parted by commas")
    parser.add_argument("--steps", default="1,2,4,8,16")
    parser.add_argument("--json", help="write the rows here too")
    parser.add_argument("--peer-once", action="store_true", help="run llama.cpp once and print JSON (used by this script)")
    args = parser.parse_args()
    steps = [int(n) for n in args.steps.split(",")]
    if args.peer_once:
        print(json.dumps(peer(args.model[0], args.threads, int(args.prompt), steps, args.repeats)))
        return
    rows: list[dict] = []
    print_heading()
    for model in args.model:
        name, _, path = model.rpartition("=")
        for prompt in map(int, args.prompt.split(",")):
            # A long context is for decoding and prefill; steps of many tokens are measured once, on the short one.
            made = compare(args, name or os.path.basename(path), path, prompt, steps if prompt < 1024 else [1])
            print_rows(made)  # at once, so that a run that is broken off was not for nothing
            rows += made
            if args.json:
                with open(args.json, "w") as out:
                    json.dump(rows, out, indent=1)


if __name__ == "__main__":
    main()
