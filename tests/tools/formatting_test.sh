#!/usr/bin/env bash
# Every source file is as clang-format 14 writes it (other versions write other lines). Usage: formatting_test.sh TREE
set -euo pipefail
cd "$1"
for format in clang-format-14 clang-format; do
  command -v "$format" >/dev/null && "$format" --version | grep -q 'version 14\.' && break
  format=
done
[ -n "$format" ] || { echo "no clang-format 14 here"; exit 77; }
find core plugins tests tools \( -name '*.cc' -o -name '*.h' -o -name '*.c' -o -name '*.cu' -o -name '*.cuh' \) -print0 |
  xargs -0 "$format" --dry-run --Werror
