"""Ways of decoding prompts of one kind, Retort's and others', and what each took."""
import functools
import json
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
RETORT = ROOT / "build/release/bin/retort"
DECODING = ("verify", "generate")  # stages
LOOKUP = 8  # drafted tokens at most; what pipelines/speculative.yaml says too


def output_of(command: list[str], given: str | None = None) -> str:
    """What it prints. What it says is shown where it fails."""
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, input=given)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}\n{done.stderr}exit code {done.returncode}")
    return done.stdout


def prompts_by_kind(count: int) -> dict[str, list[str]]:
    """Lines with `count` records of each kind: the shipped ones in turn, again with other ids where more are wanted."""
    kinds: dict[str, list[dict]] = {}
    for line in (ROOT / "pipelines/data/prompts.jsonl").read_text().splitlines():
        record = json.loads(line)
        kinds.setdefault(record["kind"], []).append(record)

    def line(records: list[dict], i: int) -> str:
        record = records[i % len(records)]
        again = f"-again{i // len(records)}" if i >= len(records) else ""
        return json.dumps(record | {"id": record["id"] + again}) + "\n"
    return {kind: [line(records, i) for i in range(count)] for kind, records in kinds.items()}


def write_pipeline(name: str, records: int, folder: pathlib.Path, lookup: int = LOOKUP) -> str:
    """The pipeline with `records` in flight and drafts of `lookup` tokens at most, as a file of `folder`."""
    text = (ROOT / f"pipelines/{name}.yaml").read_text()
    text = text.replace("engine:\n", f"engine:\n  credits: {records}\n", 1)
    text = text.replace(f"max_tokens: {LOOKUP},", f"max_tokens: {lookup},")
    path = folder / f"{name}-{records}-{lookup}.yaml"
    path.write_text(text)
    return str(path)


class Retort:
    """`figures` has tokens, the run's seconds (loading left out), and the seconds in which the decoding stage was busy."""

    def __init__(self, pipeline: str, model: str, threads: int, *variables: str):
        self.command = [str(RETORT), "run", pipeline, "--json", "--threads", str(threads)]
        for variable in (f"model={model}", *variables):
            self.command += ["-s", variable]

    def run(self, prompts: pathlib.Path, *variables: str) -> dict[str, float]:
        command = self.command + ["-s", f"input={prompts}", "-s", f"output={prompts}.out"]
        for variable in variables:
            command += ["-s", variable]
        summary = json.loads(output_of(command))
        busy = sum(stage["seconds"] for name, stage in summary["stages"].items() if name in DECODING)
        counters = summary["stages"].get("verify", {}).get("counters", {})
        return {"tokens": summary["tokens"], "seconds": summary["seconds"], "busy_seconds": busy,
                "acceptance_length": summary["acceptance_length"],
                "accepted": counters.get("accepted_tokens", 0) / max(1, counters.get("draft_tokens", 0))}

    def figures(self, prompts: pathlib.Path) -> dict[str, float]:
        return self.run(prompts)

    def figures_in_parts(self, prompts: pathlib.Path) -> dict[str, float]:
        """What the prompts and the first tokens cost is the time of a run that ends there."""
        first = self.run(prompts, "max_tokens=1")
        return self.run(prompts) | {"first_tokens": first["tokens"], "first_seconds": first["seconds"]}


class Peer:
    """One of tools/bench/peer_generate.py's, in a process of its own."""

    def __init__(self, name: str, model: str, threads: int, lookup: int):
        self.name, self.model = name, model
        self.options = ["--threads", str(threads), "--lookup", str(lookup)]

    @staticmethod
    def command(name: str, *arguments: str, script: str = "peer_generate.py") -> list[str]:
        return [python_with(name), str(ROOT / "tools/bench" / script), *arguments]

    def figures_in_parts(self, prompts: pathlib.Path) -> dict[str, float]:
        rendered = output_of(self.command("llama.cpp", "llama.cpp", self.model, "--render", str(prompts)))
        return json.loads(output_of(self.command(self.name, self.name, self.model, *self.options), rendered).splitlines()[-1])


@functools.cache
def python_with(peer: str) -> str:
    return output_of([str(ROOT / "tools/bench/peer-python"), peer]).strip()


def ways_of_retort(records: int, lengths: list[int], model: str, threads: int, folder: pathlib.Path) -> dict[str, Retort]:
    """Plain decoding, `length: auto`, and drafts of each of `lengths` tokens that are verified whole."""
    ways = {"plain": Retort(write_pipeline("generate", records, folder), model, threads),
            "auto": Retort(write_pipeline("speculative", records, folder), model, threads)}
    for length in lengths:
        pipeline = write_pipeline("speculative", records, folder, length)
        ways[f"fixed {length}"] = Retort(pipeline, model, threads, "length=fixed")
    return ways


def ways_of_all(model: str, threads: int, folder: pathlib.Path) -> dict[str, Retort | Peer]:
    ours = ways_of_retort(1, [], model, threads, folder)
    return {"Retort plain": ours["plain"], "Retort": ours["auto"],
            "llama.cpp plain": Peer("llama.cpp", model, threads, 0),
            "llama.cpp": Peer("llama.cpp", model, threads, LOOKUP),
            "transformers": Peer("transformers", model, threads, LOOKUP)}
