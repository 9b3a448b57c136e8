// Tiny models on the devices of a processor, for tests with parameters.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/gguf_builder.h"

namespace retort::testing {

struct DeviceCase {
  std::string device;
  TinyModel tiny;
  int threads = 0;
};

inline std::vector<DeviceCase> DeviceCases() {
  const TinyModel llama, qwen{.architecture = "qwen2", .heads = 4, .kv_heads = 1},
      quantised{.type = DType::kQ4_1, .tied = false};
  return {{"ref", {.hidden = 32, .ffn = 32}}, {"cpu", llama, 1}, {"cpu", llama, 2}, {"cpu", qwen}, {"cpu", quantised}};
}

inline std::string DeviceCaseName(const ::testing::TestParamInfo<DeviceCase>& info) {
  const auto& [device, tiny, threads] = info.param;
  return device + "_" + tiny.architecture + "_" + std::string(DTypeName(tiny.type)) + "_" + std::to_string(threads) +
         "_threads";
}

}  // namespace retort::testing
