// A bounds-checked reader over the bytes of a GGUF file.
#pragma once

#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "retort/status.h"

namespace retort {

class GgufCursor {
 public:
  GgufCursor(std::span<const std::byte> bytes, const std::string& name) : bytes_(bytes), name_(name) {}

  size_t offset() const { return offset_; }
  size_t remaining() const { return bytes_.size() - offset_; }

  template <typename T>
  Status Read(const char* what, T* value) {
    RETORT_RETURN_IF_ERROR(Need(what, sizeof(T)));
    std::memcpy(value, bytes_.data() + offset_, sizeof(T));
    offset_ += sizeof(T);
    return {};
  }

  Status ReadString(const char* what, std::string_view* value) {
    uint64_t length = 0;
    RETORT_RETURN_IF_ERROR(Read(what, &length));
    RETORT_RETURN_IF_ERROR(Need(what, length));
    *value = {reinterpret_cast<const char*>(bytes_.data() + offset_), static_cast<size_t>(length)};
    offset_ += static_cast<size_t>(length);
    return {};
  }

  /// `count` items of at least `item_bytes` each must fit into what is left.
  Status NeedItems(const char* what, uint64_t count, uint64_t item_bytes) const {
    if (count <= remaining() / item_bytes) return {};
    return Damaged(std::string(what) + ": " + std::to_string(count) + " items cannot fit into the " +
                   std::to_string(remaining()) + " bytes that are left");
  }

  Status Unknown(const std::string& why) const { return Unsupported(At(why)); }

  Status Damaged(const std::string& why) const {
    return DataLoss(At(why) + "; the file is truncated or damaged: fetch it again");
  }

 private:
  std::string At(const std::string& why) const { return name_ + ": offset " + std::to_string(offset_) + ": " + why; }

  Status Need(const char* what, uint64_t bytes) const {
    if (bytes <= remaining()) return {};
    return Damaged(std::string(what) + " needs " + std::to_string(bytes) + " bytes, " + std::to_string(remaining()) +
                   " are left");
  }

  std::span<const std::byte> bytes_;
  const std::string& name_;
  size_t offset_ = 0;
};

}  // namespace retort
