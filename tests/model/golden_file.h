// Where the golden files lie, and the real model that they were made from.
#pragma once

#include <fstream>
#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/model/gguf.h"
#include "core/model/model.h"
#include "core/model/tokenizer.h"

namespace retort {

inline std::string GoldenPath(const std::string& name) { return RETORT_SOURCE_DIR "/tests/golden/" + name; }

inline nlohmann::json ReadGoldenJson(const std::string& name) {
  std::ifstream in(GoldenPath(name));
  return nlohmann::json::parse(in);
}

/// Call `visit(line)` with each line of a JSON-lines file after the first, which is about the file.
template <typename Visit>
void ForEachGoldenLine(const std::string& name, Visit visit) {
  std::ifstream in(GoldenPath(name));
  ASSERT_TRUE(in) << GoldenPath(name);
  std::string line;
  std::getline(in, line);
  while (std::getline(in, line)) visit(nlohmann::json::parse(line));
}

/// The real model's file, opened once for the program; null, with a failure, where it is not there.
inline const GgufFile* RealModelFile() {
  static const auto kFile = []() -> std::unique_ptr<GgufFile> {
    const auto path = ResolveModelSource("smollm2-135m-instruct");
    if (!path.ok()) {
      ADD_FAILURE() << path.status().ToString();
      return nullptr;
    }
    auto file = GgufFile::Open(*path);
    if (!file.ok()) {
      ADD_FAILURE() << file.status().ToString();
      return nullptr;
    }
    return *std::move(file);
  }();
  return kFile.get();
}

/// The real model's tokenizer; null, with a failure, where it cannot be had.
inline const Tokenizer* RealTokenizer() {
  static const auto kTokenizer = []() -> std::unique_ptr<Tokenizer> {
    if (RealModelFile() == nullptr) return nullptr;
    auto tokenizer = Tokenizer::Create(*RealModelFile());
    if (!tokenizer.ok()) {
      ADD_FAILURE() << tokenizer.status().ToString();
      return nullptr;
    }
    return *std::move(tokenizer);
  }();
  return kTokenizer.get();
}

}  // namespace retort
