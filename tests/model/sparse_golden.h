// What transformers in float64 says of sparse parts of the real model (tests/golden/make_sparse.py).
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include "core/model/neuron_history.h"
#include "tests/model/golden_file.h"

namespace retort {

/// Where a layer's scores are cut: neurons whose score lies near, and how far it is off the cut, relatively.
struct GoldenCut {
  std::vector<int32_t> near;
  std::vector<float> off;

  /// How far a neuron is off; that of one which is not near is infinite.
  float Distance(int32_t neuron) const {
    const auto at = std::find(near.begin(), near.end(), neuron);
    return at == near.end() ? std::numeric_limits<float>::infinity()
                            : std::abs(off[static_cast<size_t>(at - near.begin())]);
  }
  /// The kept neuron that is nearest to the cut, or the nearest that is not kept; -1: none is near.
  int32_t Nearest(bool kept) const {
    int32_t nearest = -1;
    for (size_t i = 0; i < near.size(); ++i) {
      if ((off[i] > 0) == kept && (nearest < 0 || std::abs(off[i]) < Distance(nearest))) nearest = near[i];
    }
    return nearest;
  }
};

/// The step that runs `first` by the sparse model of one kind and density, and the greedy tokens that this writes.
struct GoldenSparse {
  SparsityKind kind = SparsityKind::kNone;
  double density = 1;
  NeuronChoice kept;
  std::vector<GoldenCut> cuts;  // [layers]
  std::vector<int32_t> ids;     // of the best logits
  std::vector<float> logits;
  std::vector<int32_t> greedy;
  std::vector<double> margins;
};

struct GoldenPrompt {
  std::string name;
  std::vector<int32_t> tokens;
  int32_t first = 0;  // chosen by the whole model
  std::vector<GoldenSparse> sparse;
};

class SparseGoldenReader {
 public:
  std::vector<GoldenPrompt> Read() {
    std::vector<GoldenPrompt> prompts;
    const auto given = ReadGoldenJson("smollm2.logits.json");
    for (const auto& prompt : given["prompts"]) prompts.push_back({prompt["name"], prompt["tokens"], 0, {}});
    const auto& golden = json_["prompts"];
    EXPECT_EQ(golden.size(), prompts.size());
    for (size_t i = 0; i < prompts.size(); ++i) {
      EXPECT_EQ(golden.at(i)["name"], prompts[i].name);
      prompts[i].first = golden[i]["first"];
      for (const auto& setting : golden[i]["sparse"]) prompts[i].sparse.push_back(ReadSetting(setting));
    }
    EXPECT_EQ(binary_.peek(), std::ifstream::traits_type::eof());
    return prompts;
  }

 private:
  GoldenSparse ReadSetting(const nlohmann::json& from) {
    GoldenSparse to{.kind = from["kind"] == "coarse" ? SparsityKind::kCoarse : SparsityKind::kFine,
                    .density = from["density"],
                    .kept = {},
                    .cuts = {},
                    .ids = from["logits"]["ids"],
                    .logits = from["logits"]["values"],
                    .greedy = from["greedy"],
                    .margins = from["margins"]};
    for (const auto& cut : from["kept"]) {
      to.cuts.push_back({cut["near"], cut["off"]});
      to.kept.push_back(ReadNeurons());
    }
    return to;
  }
  /// One bit each, the lowest of each byte first.
  std::vector<int32_t> ReadNeurons() {
    std::vector<char> bytes(json_["neurons"].get<size_t>() / 8);
    binary_.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    EXPECT_TRUE(binary_) << "the file of neurons is too short";
    std::vector<int32_t> neurons;
    for (size_t i = 0; i < bytes.size() * 8; ++i) {
      if (bytes[i / 8] >> (i % 8) & 1) neurons.push_back(static_cast<int32_t>(i));
    }
    return neurons;
  }

  nlohmann::json json_ = ReadGoldenJson("smollm2.sparse.json");
  std::ifstream binary_{GoldenPath("smollm2.sparse.bin"), std::ios::binary};
};

}  // namespace retort
