// Writes safetensors files for tests, right and wrong ones.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>

namespace retort::testing {

/// A file of this header, padded as the format's own writer does, and these bytes of data.
inline std::string SafetensorsBytes(std::string header, const std::string& data) {
  while (header.size() % 8 != 0) header += ' ';
  const uint64_t length = header.size();
  std::string bytes(sizeof length, '\0');
  std::memcpy(bytes.data(), &length, sizeof length);
  return bytes + header + data;
}

/// One entry of a header.
inline std::string SafetensorsEntryText(const std::string& name, const std::string& dtype, const std::string& shape,
                                        size_t begin, size_t end) {
  return '"' + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":[" +
         std::to_string(begin) + "," + std::to_string(end) + "]}";
}

/// Three tensors of the three types that models have, with some metadata: 48 bytes of data.
inline std::string SmallSafetensors() {
  const std::string header = "{\"__metadata__\":{\"format\":\"pt\"}," +
                             SafetensorsEntryText("a", "F32", "[2,3]", 0, 24) + "," +
                             SafetensorsEntryText("b", "BF16", "[8]", 32, 48) + "," +
                             SafetensorsEntryText("c", "F16", "[1,2,2]", 24, 32) + "}";
  std::string data;
  for (int i = 0; i < 48; ++i) data += static_cast<char>(i);
  return SafetensorsBytes(header, data);
}

}  // namespace retort::testing
