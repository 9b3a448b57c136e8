#include "tools/cli/completions.h"

#include "core/base/text_file.h"

#include <fstream>
#include <nlohmann/json.hpp>

namespace retort::cli {

Result<Completions> ReadCompletions(const std::string& path) {
  RETORT_ASSIGN_OR_RETURN(std::ifstream file, OpenToRead(path, "records with completions, one JSON object a line"));
  Completions completions;
  std::string line;
  for (size_t number = 1; std::getline(file, line); ++number) {
    if (line.empty()) continue;
    const auto record = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    const auto field = [&](const char* name) { return record.is_object() ? record.find(name) : record.end(); };
    const auto completion = field("completion");
    if (!record.is_object() || completion == record.end() || !completion->is_string()) {
      return DataLoss(path + ":" + std::to_string(number) + ": expected an object with the text field `completion`");
    }
    const auto id = field("id");
    std::string key = id == record.end() ? std::to_string(number)
                      : id->is_string()  ? id->get<std::string>()
                                         : id->dump();
    completions[std::move(key)].push_back(completion->get<std::string>());
  }
  return completions;
}

}  // namespace retort::cli
