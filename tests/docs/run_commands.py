"""Run the documented commands as written: every ```sh block of the given files, in a folder that mirrors the tree.

Usage: run_commands.py SOURCE_TREE RETORT_BINARY FILE...
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile


def main() -> int:
    tree, binary, files = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3:]
    ran = 0
    with tempfile.TemporaryDirectory() as folder:
        for name in ("pipelines", "schemas", "tools", "tests", "core", "plugins"):
            os.symlink(tree / name, pathlib.Path(folder) / name)
        environment = dict(os.environ, PATH=f"{binary.parent}:{os.environ['PATH']}")
        for file in files:
            for block in re.findall(r"^```sh\n(.*?)^```", (tree / file).read_text(), re.S | re.M):
                print(f"--- {file}\n{block}", flush=True)
                done = subprocess.run(["bash", "-euo", "pipefail", "-c", block], cwd=folder, env=environment)
                if done.returncode != 0:
                    print(f"{file}: a documented command ended with {done.returncode}")
                    return 1
                ran += 1
    print(f"{ran} blocks ran")
    return 0 if ran >= len(files) else 1


sys.exit(main())
