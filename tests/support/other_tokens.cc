#include "tests/support/other_tokens.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <numeric>
#include <random>
#include <set>
#include <string_view>
#include <vector>

#include "core/model/gguf.h"
#include "core/model/gguf_writer.h"

namespace retort::testing {
namespace {

constexpr std::string_view kTokens = "tokenizer.ggml.tokens", kTypes = "tokenizer.ggml.token_type",
                           kMerges = "tokenizer.ggml.merges";

[[noreturn]] void Die(const Status& status) {
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  std::abort();
}
template <typename T>
T Must(Result<T> result) {
  if (!result.ok()) Die(result.status());
  return *std::move(result);
}

std::string Merged(std::string_view merge) {
  std::string text(merge);
  return text.erase(text.find(' '), 1);
}

/// The tokens that stay, in their new order.
std::vector<size_t> NewOrder(const GgufFile& file, size_t merges_kept, uint64_t seed) {
  const auto& merges = *Must(file.GetStrings(kMerges));
  const auto& tokens = *Must(file.GetStrings(kTokens));
  std::set<std::string, std::less<>> dropped;
  for (size_t i = merges_kept; i < merges.size(); ++i) dropped.insert(Merged(merges[i]));
  for (size_t i = 0; i < merges_kept; ++i) dropped.erase(Merged(merges[i]));
  std::vector<size_t> order;
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (!dropped.contains(tokens[i])) order.push_back(i);
  }
  std::mt19937_64 random(seed);
  for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random() % i]);
  return order;
}

std::vector<std::string> Entries(const GgufFile& file, const std::vector<size_t>& order, size_t merges_kept) {
  const auto& tokens = *Must(file.GetStrings(kTokens));
  const auto& types = *Must(file.GetInts(kTypes));
  const auto& merges = *Must(file.GetStrings(kMerges));
  std::vector<int64_t> new_id(tokens.size(), -1);
  std::vector<std::string> new_tokens;
  std::vector<int32_t> new_types;
  for (const size_t old : order) {
    new_id[old] = static_cast<int64_t>(new_tokens.size());
    new_tokens.emplace_back(tokens[old]);
    new_types.push_back(static_cast<int32_t>(types[old]));
  }
  std::vector<std::string> entries;
  for (const GgufFile::RawEntry& entry : file.raw_metadata()) {
    if (entry.key == kTokens) {
      entries.push_back(EncodeGgufEntry(entry.key, new_tokens));
    } else if (entry.key == kTypes) {
      entries.push_back(EncodeGgufEntry(entry.key, new_types));
    } else if (entry.key == kMerges) {
      entries.push_back(EncodeGgufEntry(
          entry.key,
          std::vector<std::string>(merges.begin(), merges.begin() + static_cast<std::ptrdiff_t>(merges_kept))));
    } else if (entry.key.ends_with("_token_id")) {
      const auto old = static_cast<size_t>(Must(file.GetInt(entry.key)));
      entries.push_back(EncodeGgufEntry(entry.key, static_cast<uint32_t>(new_id.at(old))));
    } else if (entry.key.ends_with(".vocab_size")) {
      entries.push_back(EncodeGgufEntry(entry.key, static_cast<uint32_t>(order.size())));
    } else {
      entries.emplace_back(reinterpret_cast<const char*>(entry.bytes.data()), entry.bytes.size());
    }
  }
  return entries;
}

bool HasRowsOfTokens(const GgufTensor& tensor) {
  return tensor.name == "token_embd.weight" || tensor.name == "output.weight";
}

}  // namespace

std::string WriteWithOtherTokens(const std::string& from, const std::string& to, const OtherTokens& options) {
  const auto file = Must(GgufFile::Open(from));
  const size_t merges = Must(file->GetStrings(kMerges))->size();
  const size_t kept = merges - std::min(merges, options.dropped_merges);
  const std::vector<size_t> order = NewOrder(*file, kept, options.seed);
  std::vector<GgufTensorHead> heads;
  for (const GgufTensor& tensor : file->tensors()) {
    std::vector<int64_t> shape = tensor.shape;
    if (HasRowsOfTokens(tensor)) shape[1] = static_cast<int64_t>(order.size());
    const int64_t elements = std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>());
    heads.push_back({tensor.name, tensor.ggml_type, shape, DTypeRowBytes(tensor.type, elements)});
  }
  const GgufLayout layout = LayOutGguf(Entries(*file, order, kept), heads, 32);
  std::ofstream out(to, std::ios::binary);
  out << layout.head;
  for (size_t i = 0; i < heads.size(); ++i) {
    const GgufTensor& tensor = file->tensors()[i];
    out.seekp(static_cast<std::streamoff>(layout.offsets[i]));
    const auto* const data = reinterpret_cast<const char*>(tensor.data);
    if (HasRowsOfTokens(tensor)) {
      const size_t row = DTypeRowBytes(tensor.type, tensor.shape[0]);
      for (const size_t old : order) out.write(data + old * row, static_cast<std::streamsize>(row));
    } else {
      out.write(data, static_cast<std::streamsize>(heads[i].bytes));
    }
  }
  const auto written = static_cast<size_t>(out.tellp());
  out << std::string(layout.file_bytes - written, '\0');
  out.close();
  if (!out) Die(ResourceExhausted(to + ": cannot be written"));
  return to;
}

}  // namespace retort::testing
