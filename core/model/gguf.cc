#include "core/model/gguf.h"

#include <bit>
#include <limits>

#include "core/model/gguf_cursor.h"

namespace retort {

static_assert(std::endian::native == std::endian::little, "GGUF is read in place and little endian");

namespace {

constexpr size_t kMaxName = 65535;  // bytes of a key or a tensor's name, as the format has it for keys

constexpr uint32_t kGgmlI32 = 26;

enum Kind : uint32_t { kU8, kI8, kU16, kI16, kU32, kI32, kF32, kBool, kString, kArray, kU64, kI64, kF64 };

struct TypeEntry {
  uint32_t ggml;
  const char* name;
  bool supported;
  DType type;
};
constexpr TypeEntry kTypes[] = {
    {0, "f32", true, DType::kF32},    {1, "f16", true, DType::kF16},    {2, "q4_0", true, DType::kQ4_0},
    {3, "q4_1", true, DType::kQ4_1},  {6, "q5_0", true, DType::kQ5_0},  {7, "q5_1", true, DType::kQ5_1},
    {8, "q8_0", true, DType::kQ8_0},  {9, "q8_1", false, {}},           {10, "q2_k", false, {}},
    {11, "q3_k", false, {}},          {12, "q4_k", true, DType::kQ4_K}, {13, "q5_k", true, DType::kQ5_K},
    {14, "q6_k", true, DType::kQ6_K}, {15, "q8_k", false, {}},          {30, "bf16", true, DType::kBF16}};

template <typename T>
Result<GgufValue> ReadInteger(GgufCursor& in) {
  T value{};
  RETORT_RETURN_IF_ERROR(in.Read("a metadata integer", &value));
  if constexpr (std::is_same_v<T, uint64_t>) {
    if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
      return in.Damaged("integer " + std::to_string(value) + " is beyond 2^63 - 1");
    }
  }
  return GgufValue(static_cast<int64_t>(value));
}

Result<GgufValue> ReadScalar(GgufCursor& in, uint32_t kind) {
  switch (kind) {
    case kU8: return ReadInteger<uint8_t>(in);
    case kI8: return ReadInteger<int8_t>(in);
    case kU16: return ReadInteger<uint16_t>(in);
    case kI16: return ReadInteger<int16_t>(in);
    case kU32: return ReadInteger<uint32_t>(in);
    case kI32: return ReadInteger<int32_t>(in);
    case kU64: return ReadInteger<uint64_t>(in);
    case kI64: return ReadInteger<int64_t>(in);
    case kF32: {
      float value = 0;
      RETORT_RETURN_IF_ERROR(in.Read("a metadata float", &value));
      return GgufValue(static_cast<double>(value));
    }
    case kF64: {
      double value = 0;
      RETORT_RETURN_IF_ERROR(in.Read("a metadata float", &value));
      return GgufValue(value);
    }
    case kBool: {
      uint8_t value = 0;
      RETORT_RETURN_IF_ERROR(in.Read("a metadata boolean", &value));
      if (value > 1) return in.Damaged("boolean: expected 0 or 1, got " + std::to_string(value));
      return GgufValue(value == 1);
    }
    case kString: {
      std::string_view value;
      RETORT_RETURN_IF_ERROR(in.ReadString("a metadata string", &value));
      return GgufValue(value);
    }
    default: return in.Damaged("metadata value of unknown kind " + std::to_string(kind));
  }
}

uint64_t LeastBytes(uint32_t kind) {
  switch (kind) {
    case kU8:
    case kI8:
    case kBool: return 1;
    case kU16:
    case kI16: return 2;
    case kU32:
    case kI32:
    case kF32: return 4;
    default: return 8;
  }
}

template <typename T>
Result<GgufValue> ReadArrayOf(GgufCursor& in, uint32_t kind, uint64_t count) {
  std::vector<T> items;
  items.reserve(static_cast<size_t>(count));
  for (uint64_t i = 0; i < count; ++i) {
    RETORT_ASSIGN_OR_RETURN(const GgufValue value, ReadScalar(in, kind));
    items.push_back(std::get<T>(value));
  }
  return GgufValue(GgufArray(std::move(items)));
}

// A vocabulary has a hundred thousand of these; a GgufValue for each would take ten times as long.
Result<GgufValue> ReadStrings(GgufCursor& in, uint64_t count) {
  std::vector<std::string_view> items(static_cast<size_t>(count));
  for (std::string_view& item : items) RETORT_RETURN_IF_ERROR(in.ReadString("a metadata string", &item));
  return GgufValue(GgufArray(std::move(items)));
}
Result<GgufValue> ReadInts(GgufCursor& in, uint64_t count) {
  std::vector<int64_t> items(static_cast<size_t>(count));
  for (int64_t& item : items) {
    int32_t value = 0;
    RETORT_RETURN_IF_ERROR(in.Read("a metadata integer", &value));
    item = value;
  }
  return GgufValue(GgufArray(std::move(items)));
}

Result<GgufValue> ReadValue(GgufCursor& in) {
  uint32_t kind = 0;
  RETORT_RETURN_IF_ERROR(in.Read("the kind of a metadata value", &kind));
  if (kind != kArray) return ReadScalar(in, kind);
  uint64_t count = 0;
  RETORT_RETURN_IF_ERROR(in.Read("the kind of an array's items", &kind));
  RETORT_RETURN_IF_ERROR(in.Read("the length of an array", &count));
  if (kind == kArray) return in.Unknown("arrays of arrays are in no model that we know");
  if (kind > kF64) return in.Damaged("array items of unknown kind " + std::to_string(kind));
  RETORT_RETURN_IF_ERROR(in.NeedItems("a metadata array", count, LeastBytes(kind)));
  switch (kind) {
    case kF32:
    case kF64: return ReadArrayOf<double>(in, kind, count);
    case kBool: return ReadArrayOf<bool>(in, kind, count);
    case kString: return ReadStrings(in, count);
    case kI32: return ReadInts(in, count);
    default: return ReadArrayOf<int64_t>(in, kind, count);
  }
}

Status ReadTensorInfo(GgufCursor& in, GgufTensor* tensor, uint64_t* offset) {
  std::string_view name;
  uint32_t rank = 0;
  RETORT_RETURN_IF_ERROR(in.ReadString("a tensor's name", &name));
  RETORT_RETURN_IF_ERROR(in.Read("a tensor's rank", &rank));
  if (name.size() > kMaxName) return in.Damaged("a tensor's name has " + std::to_string(name.size()) + " bytes");
  tensor->name = name;
  if (rank < 1 || rank > 4)
    return in.Damaged("tensor '" + tensor->name + "': expected 1 to 4 dimensions, got " + std::to_string(rank));
  uint64_t elements = 1;
  for (uint32_t i = 0; i < rank; ++i) {
    uint64_t size = 0;
    RETORT_RETURN_IF_ERROR(in.Read("a tensor's size", &size));
    if (size == 0 || size > (uint64_t{1} << 48) / elements) {
      return in.Damaged("tensor '" + tensor->name + "': dimension " + std::to_string(i) + " has the impossible size " +
                        std::to_string(size));
    }
    elements *= size;
    tensor->shape.push_back(static_cast<int64_t>(size));
  }
  RETORT_RETURN_IF_ERROR(in.Read("a tensor's type", &tensor->ggml_type));
  RETORT_RETURN_IF_ERROR(in.Read("a tensor's offset", offset));
  tensor->type_name = GgmlTypeName(tensor->ggml_type);
  for (const TypeEntry& entry : kTypes) {
    if (entry.ggml != tensor->ggml_type || !entry.supported) continue;
    if (tensor->shape[0] % DTypeBlockElements(entry.type) != 0) {
      return in.Damaged("tensor '" + tensor->name + "': rows of " + std::to_string(tensor->shape[0]) +
                        " are no multiple of the block of " + entry.name);
    }
    tensor->supported = true;
    tensor->type = entry.type;
    tensor->bytes = DTypeRowBytes(entry.type, static_cast<int64_t>(elements));
  }
  return {};
}

}  // namespace

std::string GgmlTypeName(uint32_t ggml_type) {
  for (const TypeEntry& entry : kTypes) {
    if (entry.ggml == ggml_type) return entry.name;
  }
  return "type " + std::to_string(ggml_type);
}

uint32_t GgmlTypeOf(DType type) {
  for (const TypeEntry& entry : kTypes) {
    if (entry.supported && entry.type == type) return entry.ggml;
  }
  return kGgmlI32;  // what weights never are
}

Status GgufFile::Parse() {
  GgufCursor in(bytes_, path_);
  char magic[4];
  RETORT_RETURN_IF_ERROR(in.Read("the magic", &magic));
  if (std::string_view(magic, 4) != "GGUF")
    return InvalidArgument(path_ + ": not a GGUF file (it does not begin with GGUF)");
  RETORT_RETURN_IF_ERROR(in.Read("the version", &version_));
  if (version_ != 2 && version_ != 3) {
    const bool swapped = (version_ & 0xFFFF) == 0;
    return Unsupported(path_ + ": GGUF version " + std::to_string(version_) + (swapped ? " (a big-endian file)" : "") +
                       "; expected 2 or 3, little endian: convert the file again with a current converter");
  }
  uint64_t tensor_count = 0, metadata_count = 0;
  RETORT_RETURN_IF_ERROR(in.Read("the number of tensors", &tensor_count));
  RETORT_RETURN_IF_ERROR(in.Read("the number of metadata entries", &metadata_count));
  RETORT_RETURN_IF_ERROR(in.NeedItems("the metadata", metadata_count, 13));  // key length, kind, one byte of value
  for (uint64_t i = 0; i < metadata_count; ++i) RETORT_RETURN_IF_ERROR(ReadMetadata(in));
  RETORT_RETURN_IF_ERROR(in.NeedItems("the list of tensors", tensor_count, 32));
  std::vector<uint64_t> offsets;  // grows with what was read: the count alone is not believed
  for (uint64_t i = 0; i < tensor_count; ++i) {
    GgufTensor tensor;
    uint64_t offset = 0;
    RETORT_RETURN_IF_ERROR(ReadTensorInfo(in, &tensor, &offset));
    tensors_.push_back(std::move(tensor));
    offsets.push_back(offset);
  }
  return PlaceTensors(in, offsets);
}

Status GgufFile::ReadMetadata(GgufCursor& in) {
  const size_t begin = in.offset();
  std::string_view key;
  RETORT_RETURN_IF_ERROR(in.ReadString("a metadata key", &key));
  if (key.size() > kMaxName) return in.Damaged("a metadata key has " + std::to_string(key.size()) + " bytes");
  auto value = ReadValue(in);
  if (!value.ok()) return value.status().Annotate("metadata '" + std::string(key) + "'");
  if (!metadata_.emplace(key, *std::move(value)).second) {
    return in.Damaged("metadata '" + std::string(key) + "' stands twice");
  }
  raw_metadata_.push_back({key, bytes_.subspan(begin, in.offset() - begin)});
  return {};
}

Status GgufFile::PlaceTensors(const GgufCursor& in, const std::vector<uint64_t>& offsets) {
  int64_t alignment = 32;
  if (Has("general.alignment")) {
    RETORT_ASSIGN_OR_RETURN(alignment, GetInt("general.alignment"));
    if (alignment < 8 || alignment > (1 << 20) || !std::has_single_bit(static_cast<uint64_t>(alignment))) {
      return in.Damaged("general.alignment: expected a power of two from 8 to 1048576, got " +
                        std::to_string(alignment));
    }
  }
  const uint64_t mask = static_cast<uint64_t>(alignment) - 1;
  const uint64_t begin = (in.offset() + mask) & ~mask;
  const uint64_t room = begin <= bytes_.size() ? bytes_.size() - begin : 0;
  for (size_t i = 0; i < tensors_.size(); ++i) {
    GgufTensor& tensor = tensors_[i];
    const auto damaged = [&](const std::string& why) { return in.Damaged("tensor '" + tensor.name + "'" + why); };
    if ((offsets[i] & mask) != 0) {
      return damaged(": offset " + std::to_string(offsets[i]) + " is not aligned to " + std::to_string(alignment));
    }
    if (offsets[i] > room || tensor.bytes > room - offsets[i]) {
      return damaged(": " + std::to_string(tensor.bytes) + " bytes at data offset " + std::to_string(offsets[i]) +
                     " lie outside the file, which has " + std::to_string(room) + " bytes of data");
    }
    tensor.data = bytes_.data() + begin + offsets[i];
    if (!tensor_index_.emplace(tensor.name, i).second) return damaged(" stands twice");
  }
  return {};
}

Result<std::unique_ptr<GgufFile>> GgufFile::FromMemory(std::span<const std::byte> bytes, std::string name) {
  std::unique_ptr<GgufFile> file(new GgufFile);
  file->path_ = std::move(name);
  file->bytes_ = bytes;
  RETORT_RETURN_IF_ERROR(file->Parse());
  return file;
}

Result<std::unique_ptr<GgufFile>> GgufFile::Open(const std::string& path) {
  RETORT_ASSIGN_OR_RETURN(MappedFile mapping, MappedFile::Open(path, "a GGUF file"));
  std::unique_ptr<GgufFile> file(new GgufFile);
  file->path_ = path;
  file->mapping_ = std::move(mapping);
  file->bytes_ = file->mapping_.bytes();
  RETORT_RETURN_IF_ERROR(file->Parse());
  return file;
}

}  // namespace retort
