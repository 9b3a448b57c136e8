"""The shipped tasks are those of tools/tasks/make_tasks.py, and differ from each other. Usage: make_tasks_test.py TREE"""
import collections
import json
import os
import pathlib
import subprocess
import sys
import unittest

TREE = pathlib.Path(sys.argv.pop(1))
SHIPPED = TREE / "pipelines/data/tasks.jsonl"


def made(*arguments: str) -> str:
    command = [sys.executable, str(TREE / "tools/tasks/make_tasks.py"), *arguments]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", env=dict(os.environ, PYTHONDONTWRITEBYTECODE="1"))
    assert done.returncode == 0, done.stderr
    return done.stdout


class Tasks(unittest.TestCase):
    def test_the_shipped_file_is_what_the_generator_makes(self):
        self.assertEqual(SHIPPED.read_text(encoding="utf-8"), made())

    def test_there_are_enough_and_no_two_ask_the_same(self):
        tasks = [json.loads(line) for line in SHIPPED.read_text(encoding="utf-8").splitlines()]
        self.assertGreaterEqual(len(tasks), 500)
        self.assertEqual(len({task["id"] for task in tasks}), len(tasks))
        questions = {json.dumps([task.get("prompt"), task.get("messages")]) for task in tasks}
        self.assertEqual(len(questions), len(tasks))
        self.assertGreaterEqual(min(collections.Counter(task["kind"] for task in tasks).values()), 30)

    def test_at_least_half_have_answers_of_some_length(self):
        # A token of English text has about four characters; ten tokens have thirty at least.
        tasks = [json.loads(line) for line in SHIPPED.read_text(encoding="utf-8").splitlines()]
        long = [task for task in tasks if task["check"] in ("exact", "prefix") and len(task["answer"]) >= 30]
        self.assertGreaterEqual(2 * len(long), len(tasks))

    def test_an_answer_is_one_line_and_does_not_end_its_own_prompt(self):
        for line in SHIPPED.read_text(encoding="utf-8").splitlines():
            task = json.loads(line)
            answers = task["answer"] if isinstance(task["answer"], list) else [task["answer"]]
            for answer in answers:
                self.assertEqual(answer.strip().splitlines(), [answer], task["id"])
                self.assertFalse(task.get("prompt", "").endswith(answer), task["id"])

    def test_other_seeds_and_counts_give_other_tasks(self):
        few, other = made("--per-kind", "2"), made("--per-kind", "2", "--seed", "2")
        self.assertNotEqual(few, other)
        self.assertEqual(len(few.splitlines()), len(other.splitlines()))
        shipped = set(SHIPPED.read_text(encoding="utf-8").splitlines())
        self.assertTrue(set(few.splitlines()) <= shipped)  # the first of each kind


unittest.main()
