// A pipeline without a model, for tests of the command line.
#pragma once

namespace retort::testing {

inline constexpr const char* kCopy = R"(retort: 1
name: copy
variables: { input: in.jsonl, output: out.jsonl }
engine: { dead_letter: "${output}.failed.jsonl" }
stages:
  read: { uses: read-jsonl, with: { path: "${input}" } }
  write: { uses: write-jsonl, with: { path: "${output}" } }
edges:
  - read -> write
)";

}  // namespace retort::testing
