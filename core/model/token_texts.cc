#include "core/model/token_texts.h"

#include <algorithm>
#include <bit>
#include <functional>

namespace retort {
namespace {

uint32_t HashOf(std::string_view text) { return static_cast<uint32_t>(std::hash<std::string_view>()(text)); }

}  // namespace

TokenTexts::TokenTexts(size_t count, size_t bytes) : slots_(std::bit_ceil(std::max<size_t>(16, count * 2))) {
  ends_.reserve(count);
  bytes_.reserve(bytes);
}

size_t TokenTexts::SlotOf(std::string_view text, uint32_t hash) const {
  const size_t mask = slots_.size() - 1;
  size_t at = hash & mask;
  while (slots_[at].id >= 0 && (slots_[at].hash != hash || (*this)[static_cast<size_t>(slots_[at].id)] != text)) {
    at = (at + 1) & mask;
  }
  return at;
}

int32_t TokenTexts::Register(int32_t id) {
  const std::string_view text = (*this)[static_cast<size_t>(id)];
  const uint32_t hash = HashOf(text);
  Slot& slot = slots_[SlotOf(text, hash)];
  if (slot.id < 0) slot = {hash, id};
  return slot.id;
}

int32_t TokenTexts::Find(std::string_view text) const { return slots_[SlotOf(text, HashOf(text))].id; }

}  // namespace retort
