#include "core/model/hf_json.h"

#include <limits>

#include "core/model/json_text.h"
#include "core/model/mapped_file.h"

namespace retort {

using Json = nlohmann::json;

Result<Json> ReadJsonObject(const std::string& path) {
  RETORT_ASSIGN_OR_RETURN(const MappedFile file, MappedFile::Open(path, "a JSON file"));
  auto json = ParseJsonObject({reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()});
  if (!json.ok()) return DataLoss(path + ": " + json.status().message() + "; fetch the file again");
  return json;
}

const Json* JsonSettings::Find(std::string_view name) const {
  const Json& value = JsonField(object_, std::string(name).c_str());
  return value.is_null() ? nullptr : &value;
}

template <typename T>
Result<T> JsonSettings::Get(std::string_view name, bool (*fits)(const Json&), const char* expected) const {
  const Json* const value = Find(name);
  if (value == nullptr) return NotFound(Where(name) + " is missing");
  if (fits(*value)) return value->get<T>();
  return InvalidArgument(Where(name) + ": expected " + expected + ", got " + value->type_name());
}

Result<int64_t> JsonSettings::GetInt(std::string_view name) const {
  const auto fits = [](const Json& value) {
    return value.is_number_unsigned() ? value.get<uint64_t>() <= uint64_t{std::numeric_limits<int64_t>::max()}
                                      : value.is_number_integer();
  };
  return Get<int64_t>(name, fits, "an integer");
}
Result<double> JsonSettings::GetFloat(std::string_view name) const {
  return Get<double>(
      name, [](const Json& value) { return value.is_number(); }, "a number");
}
Result<bool> JsonSettings::GetBool(std::string_view name) const {
  return Get<bool>(
      name, [](const Json& value) { return value.is_boolean(); }, "true or false");
}
Result<std::string_view> JsonSettings::GetString(std::string_view name) const {
  return Get<std::string_view>(
      name, [](const Json& value) { return value.is_string(); }, "a string");
}

}  // namespace retort
