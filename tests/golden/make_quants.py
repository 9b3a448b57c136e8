#!/usr/bin/env python3
"""Write what llama.cpp makes of quantised blocks: the values of random ones, and the error of rounding.

Output: a JSON object; `types` holds for each type `block` (bytes of one block, in hex), `values` (its floats, little
endian, in hex), `rounded` (bytes of 64 samples, for types whose blocks have 32 elements) and `error` (the root mean
square of what rounding 16 rows of 256 samples leaves, over that of the samples).

Needs gguf, numpy and llama-cpp-python, of which only the library of ggml is called. Example:
  python3 tests/golden/make_quants.py --out tests/golden/quants.json
"""
import argparse
import ctypes
import importlib.metadata
import json
import pathlib

import gguf
import llama_cpp
import numpy as np

TYPES = ["q8_0", "q4_0", "q4_1", "q5_0", "q5_1", "q4_k", "q5_k", "q6_k"]
SECOND_HALF = ["q4_1", "q5_1", "q4_k", "q5_k"]  # types with two half floats at the front of a block


def samples(count):
    """Sums of three uniform values, exact in float: what quantise_golden_test.cc computes as well."""
    i = np.arange(count, dtype=np.int64)
    total = i * 7919 % 2003 + i * 104729 % 1999 + i * 1299709 % 1997 - 2999
    return (total / 1024).astype(np.float32)


def random_block(name, size, engine):
    block = engine.integers(0, 256, size, dtype=np.uint8)
    halves = engine.uniform(0.01, 0.1, 2).astype(np.float16).view(np.uint8)
    if name == "q6_k":
        block[-2:] = halves[:2]
    else:
        block[:2] = halves[:2]
    if name in SECOND_HALF:
        block[2:4] = halves[2:]
    return block


def ggml():
    found = list((pathlib.Path(llama_cpp.__file__).parent / "lib").glob("libggml-base.*"))
    library = ctypes.CDLL(str(found[0]))
    library.ggml_quantize_chunk.restype = ctypes.c_size_t
    return library


def round_rows(library, kind, rows, size):
    out = np.zeros(size, dtype=np.uint8)
    pointer = lambda array: array.ctypes.data_as(ctypes.c_void_p)
    count = ctypes.c_int64
    written = library.ggml_quantize_chunk(int(kind), pointer(rows), pointer(out), count(0), count(rows.shape[0]),
                                          count(rows.shape[1]), None)
    assert written == size, (kind, written, size)
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    args = parser.parse_args()
    engine = np.random.default_rng(1)
    library = ggml()
    rows = samples(16 * 256).reshape(16, 256)
    types = {}
    for name in TYPES:
        kind = gguf.GGMLQuantizationType[name.upper()]
        elements, size = gguf.GGML_QUANT_SIZES[kind]
        block = random_block(name, size, engine)
        values = gguf.quants.dequantize(block, kind).astype("<f4")
        rounded = round_rows(library, kind, rows, rows.size // elements * size)
        back = gguf.quants.dequantize(rounded, kind).reshape(rows.shape)
        error = np.sqrt(np.mean((back.astype(np.float64) - rows) ** 2) / np.mean(rows.astype(np.float64) ** 2))
        types[name] = {"block": block.tobytes().hex(), "values": values.tobytes().hex(), "error": round(float(error), 7)}
        if elements == 32:
            types[name]["rounded"] = rounded[: 2 * size].tobytes().hex()
    oracles = {name: importlib.metadata.version(name) for name in ("gguf", "llama_cpp_python")}
    args.out.write_text(json.dumps({"oracles": oracles, "types": types}, indent=1) + "\n")


if __name__ == "__main__":
    main()
