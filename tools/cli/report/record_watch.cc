#include "tools/cli/report/record_watch.h"

#include <algorithm>

namespace retort::cli {
namespace {

constexpr size_t kLongestAsked = 600;  // bytes

std::string StringOr(const nlohmann::ordered_json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

std::string AskedOf(const nlohmann::ordered_json& record) {
  std::string asked = StringOr(record, "prompt");
  if (const auto messages = record.find("messages");
      messages != record.end() && messages->is_array() && !messages->empty())
    asked = StringOr(messages->back(), "content");
  if (asked.size() <= kLongestAsked) return asked;
  size_t end = kLongestAsked;
  while (end > 0 && (static_cast<unsigned char>(asked[end]) & 0xC0) == 0x80) --end;  // not within a character
  return asked.substr(0, end) + " ...";
}

}  // namespace

RunProbes RecordWatch::Probes() {
  if (first_ == 0 && id_.empty()) return {};
  RunProbes probes;
  probes.keep_provenance = [this](const Record& record) { return Wanted(record); };
  probes.on_sequence_end = [this](const std::string&, const Record& record) {
    if (Wanted(record)) Look(record);
  };
  return probes;
}

void RecordWatch::Look(const Record& record) {
  WatchedRecord watched{record.number, AskedOf(record.json), StringOr(record.json, "kind"), Explain(record)};
  const std::lock_guard lock(mutex_);
  seen_.push_back(std::move(watched));
}

std::vector<WatchedRecord> RecordWatch::Take() {
  const std::lock_guard lock(mutex_);
  std::stable_sort(seen_.begin(), seen_.end(), [](const auto& a, const auto& b) { return a.number < b.number; });
  return std::move(seen_);
}

}  // namespace retort::cli
