#include "core/plugin/record.h"

#include <algorithm>
#include <charconv>
#include <new>
#include <utility>

#include "core/base/json_depth.h"
#include "core/model/generation.h"
#include "core/model/sampler.h"
#include "core/model/utf8.h"
#include "core/plugin/provenance.h"

namespace retort {
namespace {

constexpr size_t kMaxLineText = 1 << 20;  // kept of a line that is no record

template <typename Integer>
bool Fits(std::string_view number) {
  Integer value = 0;
  return std::from_chars(number.data(), number.data() + number.size(), value).ec == std::errc();
}
bool FitsInteger(std::string_view number) { return Fits<int64_t>(number) || Fits<uint64_t>(number); }

std::string At(size_t byte) { return " at column " + std::to_string(byte + 1); }

/// Offset of the first whole number beyond 64 bits, which would come back as another number, or npos.
size_t FindTooLargeInteger(std::string_view text) {
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (in_string && text[i] == '\\')
      ++i;
    else if (text[i] == '"')
      in_string = !in_string;
    else if (!in_string && (text[i] == '-' || (text[i] >= '0' && text[i] <= '9'))) {
      const size_t end = std::min(text.find_first_not_of("0123456789+-.eE", i), text.size());
      const std::string_view number = text.substr(i, end - i);
      if (number.size() > 18 && number.find_first_of(".eE") == number.npos && !FitsInteger(number)) return i;
      i = end - 1;
    }
  }
  return std::string_view::npos;
}

/// nlohmann's "[json.exception.parse_error.101] parse error at line 1, column 7: syntax error while ..." without its
/// prefix, which counts lines of this one line.
std::string Cause(std::string_view what) {
  if (const size_t place = what.find(": "); place != what.npos) what.remove_prefix(place + 2);
  return std::string(what.substr(0, 200));
}

std::string IdOf(const nlohmann::ordered_json& json, uint64_t line) {
  const auto field = json.find("id");
  if (field != json.end() && field->is_string() && !field->get_ref<const std::string&>().empty()) return *field;
  if (field != json.end() && field->is_number()) return field->dump();
  return std::to_string(line);
}

}  // namespace

Record::Record() = default;
Record::~Record() { ReleasePayloads(); }

void Record::Attach(std::string_view name, void* object, void (*destroy)(void*)) {
  const auto found = attached_.find(name);
  if (found == attached_.end()) {
    attached_.emplace(name, Attached{object, destroy});
    return;
  }
  const Attached old = std::exchange(found->second, {object, destroy});
  if (old.destroy != nullptr) old.destroy(old.object);
}

void* Record::Attachment(std::string_view name) const {
  const auto found = attached_.find(name);
  return found == attached_.end() ? nullptr : found->second.object;
}

void Record::ReleasePayloads() {
  for (auto& [name, attached] : attached_) {
    if (attached.destroy != nullptr) attached.destroy(attached.object);
  }
  attached_.clear();
  kv.clear();
  draft.reset();
  draft_answers.clear();
  generation.reset();
  provenance.reset();
  sampling.reset();
  json_views.clear();
  vocab = 0;
}

Result<nlohmann::ordered_json> ParseJson(std::string_view text) {
  if (const size_t bad = FindInvalidUtf8(text); bad != text.npos) {
    return InvalidArgument("invalid UTF-8" + At(bad) + "; save it as UTF-8");
  }
  if (const size_t deep = FindDeeperJson(text, kMaxJsonDepth); deep != text.npos) {
    return InvalidArgument("nested deeper than " + std::to_string(kMaxJsonDepth) + At(deep) + "; flatten the value");
  }
  if (const size_t large = FindTooLargeInteger(text); large != text.npos) {
    return InvalidArgument("a whole number beyond 64 bits" + At(large) + "; write it as text, in quotes");
  }
  try {
    return nlohmann::ordered_json::parse(text);
  } catch (const nlohmann::json::parse_error& e) {
    const size_t column = std::min(e.byte == 0 ? 0 : e.byte - 1, text.size());
    return InvalidArgument("not JSON" + At(column) + ": " + Cause(e.what()));
  } catch (const nlohmann::json::exception& e) {
    return InvalidArgument("not a usable JSON value: " + Cause(e.what()));
  } catch (const std::bad_alloc&) {
    return ResourceExhausted("no memory for a JSON value of " + std::to_string(text.size()) + " bytes");
  }
}

Status ParseRecord(std::string_view text, uint64_t line, Record& record) {
  record.line = line;
  record.bytes = text.size();
  record.id = std::to_string(line);
  record.json = nullptr;
  record.line_text.clear();
  const std::string where = "line " + std::to_string(line);
  auto json = ParseJson(text);
  if (!json.ok() || !json->is_object()) record.line_text = text.substr(0, kMaxLineText);
  if (!json.ok())
    return {json.status().code(), where + ": " + json.status().message() + "; write one JSON object on each line"};
  if (!json->is_object()) {
    return InvalidArgument(where + ": expected a JSON object, got " + json->type_name() +
                           " at column 1; write one JSON object in braces on each line");
  }
  record.json = *std::move(json);
  record.id = IdOf(record.json, line);
  return {};
}

}  // namespace retort
