"""Print what tools/quickstart measured: speed, acceptance length by kind of prompt, and whether the texts are equal."""
import json
import pathlib
import sys


def load(path: pathlib.Path) -> dict:
    return json.loads(path.read_text())


def main() -> None:
    if len(sys.argv) != 2 or sys.argv[1] in ("-h", "--help"):
        print("usage: quickstart-summary.py FOLDER\n\nFOLDER is where tools/quickstart left its outputs.")
        sys.exit(0 if sys.argv[-1] in ("-h", "--help") else 2)
    out = pathlib.Path(sys.argv[1])
    print(f"\n{'precision':<10}{'decoding':<13}{'records':>8}{'failed':>8}{'tokens':>8}{'seconds':>9}{'tokens/s':>10}{'speed-up':>10}")
    for precision in ("fast", "exact"):
        plain = load(out / f"generate-{precision}.json")
        for name in ("generate", "speculative"):
            run = load(out / f"{name}-{precision}.json")
            ratio = run["tokens_per_second"] / plain["tokens_per_second"] if plain["tokens_per_second"] else 0.0
            records = run["records"]
            print(f"{precision:<10}{name:<13}{records['completed']:>8}{records['failed']:>8}{run['tokens']:>8}{run['seconds']:>9.1f}"
                  f"{run['tokens_per_second']:>10.1f}{ratio:>9.2f}x")
    speculative = load(out / "speculative-fast.json")
    print(f"\ntokens per step of the model (acceptance length): {speculative['acceptance_length']:.2f}")
    for kind, sample in sorted(speculative["acceptance_length_by_kind"].items()):
        if kind:
            mean = sample["mean"] if isinstance(sample, dict) else sample
            print(f"  {kind:<14}{mean:.2f}")
    print("\ntexts of plain and speculative decoding:")
    for precision in ("fast", "exact"):
        compared = load(out / f"compare-{precision}.json")
        print(f"  {precision:<10}{compared['identical']} of {compared['records']} identical")
    with (out / "speculative-exact.jsonl").open() as file:
        record = json.loads(file.readline())
    prompt = record["messages"][-1]["content"] if "messages" in record else record["prompt"]
    print(f"\none answer (all are in {out}):\n  prompt:     {prompt}\n  completion: {record['completion']}")


if __name__ == "__main__":
    main()
