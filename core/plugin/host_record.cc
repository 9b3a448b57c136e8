// Host functions: the JSON fields and attachments of a record.
#include "core/model/utf8.h"
#include "core/plugin/handles.h"
#include "core/plugin/host_call.h"
#include "core/plugin/host_services.h"

namespace retort {
namespace {

using Json = nlohmann::ordered_json;

std::string FieldNames(const Json& json) {
  std::string names;
  size_t shown = 0;
  for (const auto& [key, value] : json.items()) {
    if (++shown > 8) return names + ", ...";
    names += (names.empty() ? "`" : ", `") + key + "`";
  }
  return names.empty() ? "none" : names;
}

Result<const Json*> Field(const Record& record, std::string_view key) {
  const auto found = record.json.find(key);
  if (found != record.json.end()) return &*found;
  return NotFound("record " + record.id + " has no field `" + std::string(key) +
                  "`; its fields are: " + FieldNames(record.json));
}

Status CheckText(const char* what, std::string_view text) {
  const size_t bad = FindInvalidUtf8(text);
  if (bad == text.npos) return {};
  return InvalidArgument(std::string(what) + ": invalid UTF-8 at byte " + std::to_string(bad) +
                         "; records hold UTF-8 only");
}

Status CheckKey(std::string_view key) {
  if (key.empty()) return InvalidArgument("key: expected the name of a field, got an empty text");
  return CheckText("key", key);
}

retort_string RecordId(const retort_record* record) {
  return record == nullptr ? retort_string{} : ToAbi(FromHandle(record)->id);
}

retort_code RecordGetString(const retort_record* handle, retort_string key, retort_string* value) {
  return HostCall([&]() -> Status {
    RETORT_RETURN_IF_ERROR(NotNull({{handle, "record"}, {value, "value"}}));
    const Record& record = *FromHandle(handle);
    RETORT_ASSIGN_OR_RETURN(const Json* const field, Field(record, ViewOf(key)));
    if (!field->is_string()) {
      return InvalidArgument("record " + record.id + ": field `" + std::string(ViewOf(key)) +
                             "` expected a string, got " + field->type_name());
    }
    *value = ToAbi(field->get_ref<const std::string&>());
    return {};
  });
}

retort_code RecordGetJson(const retort_record* handle, retort_string key, retort_string* json) {
  return HostCall([&]() -> Status {
    RETORT_RETURN_IF_ERROR(NotNull({{handle, "record"}, {json, "json"}}));
    // The holder of a record is alone with it, so that the text kept for the view is no race.
    Record& record = *const_cast<Record*>(FromHandle(handle));
    const std::string_view name = ViewOf(key);
    auto view = record.json_views.find(name);
    if (view == record.json_views.end()) {
      const Json* field = &record.json;
      if (!name.empty()) {
        RETORT_ASSIGN_OR_RETURN(field, Field(record, name));
      }
      view = record.json_views.emplace(name, field->dump()).first;
    }
    *json = ToAbi(view->second);
    return {};
  });
}

retort_code RecordSetString(retort_record* handle, retort_string key, retort_string value) {
  return HostCall([&]() -> Status {
    RETORT_RETURN_IF_ERROR(NotNull({{handle, "record"}}));
    RETORT_RETURN_IF_ERROR(CheckKey(ViewOf(key)));
    RETORT_RETURN_IF_ERROR(CheckText("value", ViewOf(value)));
    Record& record = *FromHandle(handle);
    std::string copy(ViewOf(value));  // may be a view into the record itself
    record.json[std::string(ViewOf(key))] = std::move(copy);
    record.json_views.clear();
    return {};
  });
}

retort_code RecordSetJson(retort_record* handle, retort_string key, retort_string json) {
  return HostCall([&]() -> Status {
    RETORT_RETURN_IF_ERROR(NotNull({{handle, "record"}}));
    RETORT_RETURN_IF_ERROR(CheckKey(ViewOf(key)));
    Result<Json> value = ParseJson(ViewOf(json));
    if (!value.ok()) return value.status().Annotate("field `" + std::string(ViewOf(key)) + "`");
    Record& record = *FromHandle(handle);
    record.json[std::string(ViewOf(key))] = *std::move(value);
    record.json_views.clear();
    return {};
  });
}

retort_code RecordAttach(retort_record* record, retort_string name, void* object, void (*destroy)(void*)) {
  return HostCall([&]() -> Status {
    RETORT_RETURN_IF_ERROR(NotNull({{record, "record"}, {object, "object"}}));
    FromHandle(record)->Attach(ViewOf(name), object, destroy);
    return {};
  });
}

void* RecordAttachment(const retort_record* record, retort_string name) {
  return record == nullptr ? nullptr : FromHandle(record)->Attachment(ViewOf(name));
}

}  // namespace

void FillRecordServices(retort_host& host) {
  host.record_id = RecordId;
  host.record_get_string = RecordGetString;
  host.record_get_json = RecordGetJson;
  host.record_set_string = RecordSetString;
  host.record_set_json = RecordSetJson;
  host.record_attach = RecordAttach;
  host.record_attachment = RecordAttachment;
}

}  // namespace retort
