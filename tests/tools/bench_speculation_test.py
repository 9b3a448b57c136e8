"""tools/bench/speculation makes its tables of results that are there. Usage: bench_speculation_test.py TREE"""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

TREE = pathlib.Path(sys.argv.pop(1))


def speculation(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, str(TREE / "tools/bench/speculation"), *arguments], capture_output=True, text=True)


def tables(results: list[dict]) -> dict[tuple[str, str], list[str]]:
    """Cells by the table's first words and the row's."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        file.write("".join(json.dumps(result) + "\n" for result in results))
        file.flush()
        done = speculation("--peers", "--runs", "0", "--results", file.name)
    assert done.returncode == 0, done.stderr
    cells, table = {}, ""
    for line in done.stdout.splitlines():
        if line.startswith("| "):
            row = [cell.strip() for cell in line.strip("|").split("|")]
            cells[table, row[0]] = row[1:]
        elif line:
            table = line.partition(", tokens")[0]
    return cells


def result(kind: str, way: str, seconds: float, first_seconds: float = 1) -> dict:
    return {"weights": "q8_0", "kind": kind, "way": way, "tokens": 100, "seconds": seconds, "first_tokens": 10,
            "first_seconds": first_seconds}


class Tables(unittest.TestCase):
    def test_ratios_are_of_medians_and_prompts_can_be_left_out(self):
        cells = tables([result("chat", "Retort plain", 10), result("chat", "Retort", 3), result("chat", "Retort", 5),
                        result("chat", "Retort", 40), result("chat", "llama.cpp", 19)])
        self.assertEqual(cells["q8_0, with the prompts", "chat"], ["10", "20", "", "5", "", "2.00", "", "3.80", ""])
        self.assertEqual(cells["q8_0, decoding alone", "chat"], ["10", "22", "", "5", "", "2.25", "", "4.50", ""])

    def test_all_is_as_if_each_kind_had_as_many_tokens(self):
        cells = tables([result("chat", "Retort plain", 10), result("chat", "Retort", 10),
                        result("summary", "Retort plain", 10), result("summary", "Retort", 2)])
        self.assertEqual(cells["q8_0, with the prompts", "all, harmonic"][5], "1.67")

    def test_a_kind_without_a_way_leaves_all_open(self):
        cells = tables([result("chat", "Retort plain", 10), result("chat", "Retort", 10),
                        result("summary", "Retort plain", 10)])
        self.assertEqual(cells["q8_0, with the prompts", "all, harmonic"][5], "")

    def test_unknown_names_are_refused(self):
        for arguments, message in ((["--kinds", "chat,poem"], "no `poem`; known: chat, "),
                                   (["--peers", "--ways", "ollama"], "no `ollama`; known: Retort plain, ")):
            done = speculation(*arguments)
            self.assertEqual(done.returncode, 2)
            self.assertIn(message, done.stderr)


unittest.main()
