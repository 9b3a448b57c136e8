#include "core/model/quantise_model.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <thread>

#include "core/device/cpu/parallel.h"
#include "core/model/gguf_writer.h"
#include "core/model/new_file.h"
#include "core/model/weights.h"

namespace retort {
namespace {

constexpr const char* kEmbedding = "token_embd.weight";
constexpr const char* kOutput = "output.weight";
constexpr size_t kPieceBytes = 16u << 20;  // of floats

/// The number of a file's type in general.file_type: llama.cpp's enum llama_ftype.
uint32_t FileType(DType type) {
  switch (type) {
    case DType::kF32: return 0;
    case DType::kF16: return 1;
    case DType::kQ4_0: return 2;
    case DType::kQ4_1: return 3;
    case DType::kQ8_0: return 7;
    case DType::kQ5_0: return 8;
    case DType::kQ5_1: return 9;
    case DType::kQ4_K: return 14;  // q4_k_s: q4_k throughout
    case DType::kQ5_K: return 16;
    case DType::kQ6_K: return 18;
    case DType::kBF16: return 32;
    case DType::kI32: break;
  }
  return 0;
}

std::vector<std::string> Entries(const GgufFile& file, DType type) {
  constexpr std::string_view kType = "general.file_type", kVersion = "general.quantization_version";
  std::vector<std::string> entries;
  const bool quantised = DTypeIsQuantised(type);
  for (const GgufFile::RawEntry& entry : file.raw_metadata()) {
    if (entry.key == kType || (quantised && entry.key == kVersion)) continue;
    entries.emplace_back(reinterpret_cast<const char*>(entry.bytes.data()), entry.bytes.size());
  }
  entries.push_back(EncodeGgufEntry(kType, FileType(type)));
  if (quantised) entries.push_back(EncodeGgufEntry(kVersion, uint32_t{2}));  // of the blocks' layout, since 2023
  return entries;
}

class Quantiser {
 public:
  Quantiser(const GgufFile& file, const QuantiseOptions& options)
      : file_(file),
        options_(options),
        threads_(options.threads > 0 ? options.threads
                                     : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()))) {}

  Status Plan() {
    if (options_.output_type.has_value() && file_.FindTensor(kOutput) == nullptr) {
      return InvalidArgument(file_.path() + ": an output type was given, but the model has no tensor '" + kOutput +
                             "': its output matrix is the embedding; give the embedding's type instead");
    }
    for (const GgufTensor& tensor : file_.tensors()) {
      if (!tensor.supported) {
        return Unsupported(file_.path() + ": tensor '" + tensor.name + "' has type " + GgmlTypeName(tensor.ggml_type) +
                           ", which this build cannot read; quantise from a file in f32, f16 or bf16");
      }
      const DType type = TypeOf(tensor);
      types_.push_back(type);
      heads_.push_back({tensor.name, GgmlTypeOf(type), tensor.shape, DTypeRowBytes(type, tensor.elements())});
    }
    return {};
  }

  Result<QuantiseReport> Write(const std::string& path) {
    size_t alignment = 32;
    if (file_.Has("general.alignment")) {
      RETORT_ASSIGN_OR_RETURN(const int64_t value, file_.GetInt("general.alignment"));
      alignment = static_cast<size_t>(value);
    }
    const GgufLayout layout = LayOutGguf(Entries(file_, options_.type), heads_, alignment);
    report_.bytes = layout.file_bytes;
    RETORT_ASSIGN_OR_RETURN(const auto out, NewFile::Create(path, layout.file_bytes, options_.replace));
    RETORT_RETURN_IF_ERROR(out->Append(layout.head));
    for (size_t i = 0; i < types_.size(); ++i) {
      RETORT_RETURN_IF_ERROR(out->FillUpTo(layout.offsets[i]));
      RETORT_RETURN_IF_ERROR(WriteTensor(file_.tensors()[i], types_[i], *out));
    }
    RETORT_RETURN_IF_ERROR(out->FillUpTo(layout.file_bytes));
    RETORT_RETURN_IF_ERROR(out->Commit());
    return report_;
  }

 private:
  DType TypeOf(const GgufTensor& tensor) {
    if (tensor.shape.size() < 2) return DType::kF32;
    DType type = options_.type;
    if (tensor.name == kOutput) type = options_.output_type.value_or(type);
    if (tensor.name == kEmbedding) type = options_.embedding_type.value_or(type);
    if (tensor.type == type) {
      ++report_.unchanged;
    } else if (!CanConvertRows(tensor.shape[0], type)) {
      report_.kept.push_back(tensor.name);
      type = tensor.type;
    } else {
      ++report_.converted;
    }
    return type;
  }

  Status WriteTensor(const GgufTensor& tensor, DType type, NewFile& out) {
    const int64_t k = tensor.shape[0], rows = tensor.elements() / k;
    const int64_t step = std::max<int64_t>(1, static_cast<int64_t>(kPieceBytes / sizeof(float)) / k);
    const size_t from_bytes = DTypeRowBytes(tensor.type, k), to_bytes = DTypeRowBytes(type, k);
    for (int64_t row = 0; row < rows; row += step) {
      const int64_t count = std::min(step, rows - row);
      const std::byte* const from = tensor.data + static_cast<size_t>(row) * from_bytes;
      const size_t read = static_cast<size_t>(count) * from_bytes;
      if (type == tensor.type) {
        RETORT_RETURN_IF_ERROR(out.Append({reinterpret_cast<const char*>(from), read}));
      } else {
        piece_.resize(static_cast<size_t>(count) * to_bytes);
        RETORT_RETURN_IF_ERROR(Convert(tensor, from, type, k, row, count));
        RETORT_RETURN_IF_ERROR(out.Append(piece_));
      }
      file_.Forget(from, read);
      if (options_.progress && !options_.progress(out.written(), report_.bytes)) {
        return Cancelled("quantize: stopped; nothing was written");
      }
    }
    return {};
  }

  /// Rows [first, first + count), which lie at `from`, into piece_.
  Status Convert(const GgufTensor& tensor, const std::byte* from, DType type, int64_t k, int64_t first, int64_t count) {
    const size_t from_bytes = DTypeRowBytes(tensor.type, k), to_bytes = DTypeRowBytes(type, k);
    std::atomic<int64_t> broken = std::numeric_limits<int64_t>::max();
    ParallelFor(count, 16, threads_, [&](int64_t begin, int64_t end) {
      std::vector<float> row(static_cast<size_t>(k));
      for (auto i = static_cast<size_t>(begin); i < static_cast<size_t>(end); ++i) {
        DequantiseRow(tensor.type, from + i * from_bytes, row.data(), k);
        if (!std::all_of(row.begin(), row.end(), [](float x) { return std::isfinite(x); })) {
          broken = first + static_cast<int64_t>(i);
          return;
        }
        QuantiseRow(type, row.data(), piece_.data() + i * to_bytes, k);
      }
    });
    if (broken == std::numeric_limits<int64_t>::max()) return {};
    return DataLoss(file_.path() + ": tensor '" + tensor.name + "', row " + std::to_string(broken.load()) +
                    ": expected finite weights, got one that is NaN or infinite; is the file damaged?");
  }

  const GgufFile& file_;
  const QuantiseOptions& options_;
  const int threads_;
  std::vector<DType> types_;
  std::vector<GgufTensorHead> heads_;
  std::string piece_;
  QuantiseReport report_;
};

}  // namespace

Result<QuantiseReport> QuantiseModel(const GgufFile& file, const std::string& path, const QuantiseOptions& options) {
  Quantiser quantiser(file, options);
  RETORT_RETURN_IF_ERROR(quantiser.Plan());
  return quantiser.Write(path);
}

}  // namespace retort
