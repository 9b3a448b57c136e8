// Values as bytes, for frames between the host and the process of a stage: both are of one build on one machine, so
// numbers go as they lie in memory. What is read comes from a process that may have gone wrong and is not trusted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace retort {

class WireWriter {
 public:
  template <typename T>
  void Number(T value) {
    static_assert(std::is_arithmetic_v<T> || std::is_enum_v<T>);
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void Text(std::string_view text) {
    Number(static_cast<uint64_t>(text.size()));
    bytes_.append(text);
  }
  std::string Take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

/// Reads past the end give zeros and empty texts, and `ok` is false from then on.
class WireReader {
 public:
  /// `bytes` must outlive the reader and the texts that it gives.
  explicit WireReader(std::string_view bytes) : rest_(bytes) {}

  template <typename T>
  T Number() {
    static_assert(std::is_arithmetic_v<T>, "read an enumeration as its number, and check it");
    T value{};
    const std::string_view bytes = Bytes(sizeof value);
    if (ok_) bytes.copy(reinterpret_cast<char*>(&value), sizeof value);
    return value;
  }
  std::string_view Text() { return Bytes(Number<uint64_t>()); }
  /// The length of a list whose items take `least` bytes each at least.
  uint64_t Count(uint64_t least) {
    const auto count = Number<uint64_t>();
    if (ok_ && count <= rest_.size() / least) return count;
    ok_ = false;
    return 0;
  }

  bool ok() const { return ok_; }
  /// Everything was read, and nothing beyond it.
  bool AtEnd() const { return ok_ && rest_.empty(); }

 private:
  std::string_view Bytes(uint64_t count) {
    ok_ = ok_ && count <= rest_.size();
    if (!ok_) return {};
    const std::string_view bytes = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return bytes;
  }

  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace retort
