// Differences for people and for programs.
#include <fmt/format.h>

#include "core/graph/diff/pipeline_diff.h"

namespace retort {
namespace {

using Json = nlohmann::ordered_json;

std::string DumpText(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string SideText(const std::optional<DiffSide>& side) {
  if (!side) return "nothing";
  return DumpText(side->value) + (side->is_default ? " (default)" : "");
}

/// The text of a side that holds a name.
std::string NameText(const std::optional<DiffSide>& side) { return side->value.get<std::string>(); }

std::string PlaceText(const std::string& file, const DiffSide& side) {
  return side.place.line > 0 && side.place.file == 0 ? fmt::format("{}:{}:{}", file, side.place.line, side.place.column)
                                                     : file;
}

std::string ThingText(const Difference& difference) {
  return difference.name.empty() ? difference.of : difference.of + " `" + difference.name + "`";
}

/// What stands after a thing that was added or removed: a model's source, a stage's `uses`, an edge's end.
std::string WholeText(const Difference& difference) {
  const std::string text = NameText(difference.before ? difference.before : difference.after);
  return difference.of == "edge" ? " -> " + text : " (" + text + ")";
}

std::string LineText(const Difference& difference) {
  const std::string thing = ThingText(difference);
  switch (difference.kind) {
    case DiffKind::kAdded: return "+ " + thing + WholeText(difference);
    case DiffKind::kRemoved: return "- " + thing + WholeText(difference);
    case DiffKind::kRenamed:
      return "> " + difference.of + " `" + NameText(difference.before) + "` is now `" + difference.name + "`";
    case DiffKind::kChanged: break;
  }
  return "~ " + thing + ": " + difference.key + ": " + SideText(difference.before) + " -> " +
         SideText(difference.after);
}

Json SideJson(const std::optional<DiffSide>& side) {
  if (!side) return Json();
  return {{"value", side->value},
          {"default", side->is_default},
          {"line", side->place.line > 0 && side->place.file == 0 ? Json(side->place.line) : Json()},
          {"column", side->place.line > 0 && side->place.file == 0 ? Json(side->place.column) : Json()}};
}

}  // namespace

std::string_view DiffKindName(DiffKind kind) {
  switch (kind) {
    case DiffKind::kAdded: return "added";
    case DiffKind::kRemoved: return "removed";
    case DiffKind::kRenamed: return "renamed";
    case DiffKind::kChanged: return "changed";
  }
  return "";
}

std::string DiffText(const std::vector<Difference>& differences, const std::string& before_file,
                     const std::string& after_file) {
  if (differences.empty()) return before_file + " and " + after_file + " mean the same\n";
  std::string out;
  for (const Difference& difference : differences) {
    out += LineText(difference) + "\n   ";
    if (difference.before) out += " " + PlaceText(before_file, *difference.before);
    if (difference.before && difference.after) out += " ->";
    if (difference.after) out += " " + PlaceText(after_file, *difference.after);
    out += "\n";
  }
  return out + fmt::format("{} difference{}\n", differences.size(), differences.size() == 1 ? "" : "s");
}

nlohmann::ordered_json DiffJson(const std::vector<Difference>& differences, const std::string& before_file,
                                const std::string& after_file) {
  Json list = Json::array();
  for (const Difference& difference : differences) {
    list.push_back({{"kind", DiffKindName(difference.kind)},
                    {"of", difference.of},
                    {"name", difference.name},
                    {"key", difference.key.empty() ? Json() : Json(difference.key)},
                    {"before", SideJson(difference.before)},
                    {"after", SideJson(difference.after)}});
  }
  return {{"equal", differences.empty()}, {"before", before_file}, {"after", after_file}, {"differences", list}};
}

}  // namespace retort
