// The structs of the plugin ABI as version 1 was frozen, and how the host reads and fills one that is shorter or longer
// than its own. What may change within a version: core/design/011-plugin-abi.md.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "retort/plugin.h"

namespace retort {

/// Bytes of a struct when version 1 was frozen: what every plugin of the version has of it. A struct that grows keeps
/// its number here.
template <typename Struct>
inline constexpr size_t kFrozenSize = 0;
template <>
inline constexpr size_t kFrozenSize<retort_option_spec> = 128;
template <>
inline constexpr size_t kFrozenSize<retort_port_spec> = 56;
template <>
inline constexpr size_t kFrozenSize<retort_stage_functions> = 72;
template <>
inline constexpr size_t kFrozenSize<retort_stage_spec> = 144;
template <>
inline constexpr size_t kFrozenSize<retort_model_info> = 56;
template <>
inline constexpr size_t kFrozenSize<retort_model_part> = 80;
template <>
inline constexpr size_t kFrozenSize<retort_token> = 24;
template <>
inline constexpr size_t kFrozenSize<retort_forward_item> = 40;
template <>
inline constexpr size_t kFrozenSize<retort_tensor> = 104;
template <>
inline constexpr size_t kFrozenSize<retort_sampling> = 80;
template <>
inline constexpr size_t kFrozenSize<retort_limits> = 32;
template <>
inline constexpr size_t kFrozenSize<retort_sequence_view> = 40;
template <>
inline constexpr size_t kFrozenSize<retort_draft> = 88;
template <>
inline constexpr size_t kFrozenSize<retort_draft_draw> = 56;
template <>
inline constexpr size_t kFrozenSize<retort_acceptance> = 56;
template <>
inline constexpr size_t kFrozenSize<retort_verdict> = 40;

/// A whole struct from one that its writer may have compiled shorter or longer: members that it had not are zero, those
/// that this host has not are left out. `given->size` bytes must be readable.
template <typename Struct>
Struct ReadStruct(const Struct* given) {
  static_assert(std::is_trivially_copyable_v<Struct>);
  Struct whole = {};
  std::memcpy(&whole, given, std::min<size_t>(given->size, sizeof whole));
  return whole;
}

/// Fill the plugin's struct with those members of `whole` that it has; its size stays.
template <typename Struct>
void FillStruct(Struct* out, const Struct& whole) {
  static_assert(std::is_trivially_copyable_v<Struct>);
  const uint32_t size = out->size;
  std::memcpy(out, &whole, std::min<size_t>(size, sizeof whole));
  out->size = size;
}

}  // namespace retort
