#include "core/model/safetensors.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "core/model/safetensors_header.h"

namespace retort {

static_assert(std::endian::native == std::endian::little, "safetensors is read in place and little endian");

namespace {

constexpr uint64_t kMaxHeader = 100'000'000;  // bytes; the limit of the format's own reader

Status Damaged(const std::string& path, const std::string& why) {
  return DataLoss(path + ": " + why + "; the file is truncated or damaged: fetch it again");
}

}  // namespace

Status SafetensorsFile::Parse() {
  uint64_t length = 0;
  if (bytes_.size() < sizeof length) {
    return Damaged(path_, "expected 8 bytes with the length of the header, got " + std::to_string(bytes_.size()));
  }
  std::memcpy(&length, bytes_.data(), sizeof length);
  const size_t rest = bytes_.size() - sizeof length;
  if (length > kMaxHeader) {
    return Damaged(path_, "a header of " + std::to_string(length) + " bytes, expected at most " +
                              std::to_string(kMaxHeader) + " (is it a safetensors file?)");
  }
  if (length > rest) {
    return Damaged(
        path_, "a header of " + std::to_string(length) + " bytes, but only " + std::to_string(rest) + " bytes follow");
  }
  SafetensorsHeader header;
  const std::string_view text(reinterpret_cast<const char*>(bytes_.data()) + sizeof length, length);
  if (const Status status = ParseSafetensorsHeader(text, &header); !status.ok()) {
    if (status.code() == StatusCode::kUnsupported) return status.Annotate(path_ + ": header");
    return Damaged(path_, "header: " + status.message());
  }
  metadata_ = std::move(header.metadata);
  std::sort(header.tensors.begin(), header.tensors.end(),
            [](const auto& a, const auto& b) { return a.begin < b.begin || (a.begin == b.begin && a.end < b.end); });
  const std::byte* const data = bytes_.data() + sizeof length + length;
  const size_t room = rest - length;
  uint64_t end = 0;
  for (SafetensorsEntry& entry : header.tensors) {
    ModelTensor& tensor = entry.tensor;
    const auto damaged = [&](const std::string& why) { return Damaged(path_, "tensor '" + tensor.name + "'" + why); };
    if (entry.begin != end) {
      return damaged(" begins at data offset " + std::to_string(entry.begin) + ", expected " + std::to_string(end) +
                     " where the one before it ends");
    }
    end = entry.end;
    if (end > room) {
      return damaged(" ends at data offset " + std::to_string(end) + ", but the file has " + std::to_string(room) +
                     " bytes of data");
    }
    tensor.data = data + entry.begin;
    if (tensor.supported && reinterpret_cast<uintptr_t>(tensor.data) % (tensor.type == DType::kF32 ? 4 : 2) != 0) {
      return Unsupported(path_ + ": tensor '" + tensor.name + "' lies at an odd address; write the file again with a " +
                         "current version of safetensors, which aligns them");
    }
    tensors_.push_back(std::move(tensor));
  }
  if (end != room) {
    return Damaged(path_, "the tensors end at data offset " + std::to_string(end) + ", but the file has " +
                              std::to_string(room) + " bytes of data");
  }
  for (size_t i = 0; i < tensors_.size(); ++i) index_.emplace(tensors_[i].name, i);
  return {};
}

const ModelTensor* SafetensorsFile::Find(std::string_view name) const {
  const auto it = index_.find(name);
  return it == index_.end() ? nullptr : &tensors_[it->second];
}

Result<std::unique_ptr<SafetensorsFile>> SafetensorsFile::FromMemory(std::span<const std::byte> bytes,
                                                                     std::string name) {
  std::unique_ptr<SafetensorsFile> file(new SafetensorsFile);
  file->path_ = std::move(name);
  file->bytes_ = bytes;
  RETORT_RETURN_IF_ERROR(file->Parse());
  return file;
}

Result<std::unique_ptr<SafetensorsFile>> SafetensorsFile::Open(const std::string& path) {
  RETORT_ASSIGN_OR_RETURN(MappedFile mapping, MappedFile::Open(path, "a safetensors file"));
  RETORT_ASSIGN_OR_RETURN(auto file, FromMemory(mapping.bytes(), path));
  file->mapping_ = std::move(mapping);
  return file;
}

}  // namespace retort
