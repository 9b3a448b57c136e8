#!/usr/bin/env bash
# tools/setup refuses a CMake that cannot read the presets, and takes one that can. Usage: setup_cmake_test.sh SOURCE_TREE
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT

# Run the function that decides, with a cmake of this version first on PATH.
serves() {
  printf '#!/bin/sh\necho "cmake version %s"\n' "$1" > "$folder/cmake"
  chmod +x "$folder/cmake"
  PATH="$folder:$PATH" bash -c "$(sed -n '/^cmake_serves() {/,/^cmake_needed=/p' "$tree/tools/setup"); cmake_serves"
}

tree="$1"
for version in 3.25.1 3.28.3 3.31.0-rc1 4.0.2; do
  serves "$version" || { echo "CMake $version is refused"; exit 1; }
done
for version in 3.5.1 3.22.1 3.24.4 2.8; do
  if serves "$version"; then echo "CMake $version is taken"; exit 1; fi
done
