#include "core/model/inspect.h"

#include <algorithm>
#include <cstdio>
#include <map>

#include "core/model/utf8.h"

namespace retort {
namespace {

constexpr size_t kShownBytes = 72;  // of a string
constexpr size_t kShownItems = 6;   // of a list

/// A file may hold anything: nothing of it reaches the terminal as a control sequence.
std::string Escape(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    const size_t length = Utf8CharLength(text, i);
    const auto byte = static_cast<uint8_t>(text[i]);
    // Below a space, DEL, and the C1 controls, which UTF-8 spells C2 80 to C2 9F.
    const bool control = byte < 0x20 || byte == 0x7F || (byte == 0xC2 && static_cast<uint8_t>(text[i + 1]) < 0xA0);
    if (length > 0 && !control) {
      out.append(text.substr(i, length));
      i += length;
    } else if (byte == '\n') {
      out.append("\\n");
      ++i;
    } else {
      for (size_t end = i + std::max<size_t>(length, 1); i < end; ++i) {
        char hex[5];
        std::snprintf(hex, sizeof hex, "\\x%02x", static_cast<unsigned>(static_cast<uint8_t>(text[i])));
        out.append(hex);
      }
    }
  }
  return out;
}

std::string Quoted(std::string_view text) {
  size_t cut = std::min(text.size(), kShownBytes);
  const size_t least = cut - std::min<size_t>(cut, 4);
  while (cut < text.size() && cut > least && (static_cast<uint8_t>(text[cut]) & 0xC0) == 0x80)
    --cut;  // whole characters
  std::string out(1, '"');
  out.append(Escape(text.substr(0, cut))).append(1, '"');
  if (cut < text.size()) out.append("... (").append(std::to_string(text.size())).append(" bytes)");
  return out;
}

std::string Text(int64_t value) { return std::to_string(value); }
std::string Text(bool value) { return value ? "true" : "false"; }
std::string Text(std::string_view value) { return Quoted(value); }
std::string Text(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", value);
  return text;
}

template <typename T>
std::string Text(const std::vector<T>& items) {
  std::string text = std::to_string(items.size()) + " items: [";
  for (size_t i = 0; i < std::min(items.size(), kShownItems); ++i) {
    const T item = items[i];
    text.append(i > 0 ? ", " : "").append(Text(item));
  }
  return text + (items.size() > kShownItems ? ", ...]" : "]");
}
std::string Text(const GgufArray& array) {
  return std::visit([](const auto& items) { return Text(items); }, array);
}

std::string ShapeText(const std::vector<int64_t>& shape) {
  std::string text = "[";
  for (size_t i = shape.size(); i-- > 0;) text.append(std::to_string(shape[i])).append(i > 0 ? ", " : "]");
  return text;
}

std::string Padded(std::string text, size_t width) {
  text.resize(std::max(text.size(), width), ' ');
  return text;
}

std::string Megabytes(size_t bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f MB", static_cast<double>(bytes) / 1e6);
  return text;
}

}  // namespace

ModelInspection::Entry InspectionEntry(std::string_view key, std::string_view value, bool quoted) {
  return {Escape(key), quoted ? Quoted(value) : Escape(value.substr(0, kShownBytes))};
}

ModelInspection InspectModel(const GgufFile& file) {
  ModelInspection out = InspectTensors(file);
  out.format = "GGUF version " + std::to_string(file.version());
  out.file_bytes = file.size();
  for (const auto& [key, value] : file.metadata()) {
    out.metadata.push_back({Escape(key), std::visit([](const auto& v) { return Text(v); }, value)});
  }
  return out;
}

ModelInspection InspectTensors(const TensorFile& file) {
  ModelInspection out;
  out.path = file.path();
  std::map<std::string, ModelInspection::TypeTotal> totals;
  for (const ModelTensor* const tensor : file.AllTensors()) {
    const std::string type = Escape(tensor->type_name);
    const int64_t elements = tensor->elements();
    out.tensors.push_back({Escape(tensor->name), type, ShapeText(tensor->shape), elements, tensor->bytes});
    out.parameters += elements;
    ModelInspection::TypeTotal& total = totals[type];
    total.type = type;
    total.supported = tensor->supported;
    total.tensors += 1;
    total.elements += elements;
    total.bytes += tensor->bytes;
  }
  for (auto& [name, total] : totals) out.types.push_back(std::move(total));
  std::stable_sort(out.types.begin(), out.types.end(), [](const auto& a, const auto& b) { return a.bytes > b.bytes; });
  return out;
}

std::string InspectionText(const ModelInspection& in) {
  std::string text = in.path + ": " + in.format + ", " + Megabytes(in.file_bytes) + ", " +
                     std::to_string(in.parameters) + " parameters in " + std::to_string(in.tensors.size()) +
                     " tensors\n";
  size_t key_width = 0, name_width = 0, shape_width = 0;
  for (const auto& entry : in.metadata) key_width = std::max(key_width, std::min<size_t>(entry.key.size(), 50));
  for (const auto& tensor : in.tensors) {
    name_width = std::max(name_width, std::min<size_t>(tensor.name.size(), 50));
    shape_width = std::max(shape_width, tensor.shape.size());
  }
  text += "\nmetadata\n";
  for (const auto& entry : in.metadata) text += "  " + Padded(entry.key, key_width) + "  " + entry.value + "\n";
  text += "\ntypes\n";
  for (const auto& total : in.types) {
    text += "  " + Padded(total.type, 6) + "  " + std::to_string(total.tensors) + " tensors, " +
            std::to_string(total.elements) + " elements" +
            (total.supported ? ", " + Megabytes(total.bytes) : "; this build cannot use the type") + "\n";
  }
  text += "\ntensors\n";
  for (const auto& tensor : in.tensors) {
    text += "  " + Padded(tensor.name, name_width) + "  " + Padded(tensor.type, 6) + "  " +
            Padded(tensor.shape, shape_width) + "  " + std::to_string(tensor.bytes) + " bytes\n";
  }
  return text;
}

}  // namespace retort
