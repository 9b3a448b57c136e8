#include "core/plugin/isolation/messages.h"

#include <variant>

namespace retort {
namespace {

Status Malformed(const char* what) { return Internal(std::string("a malformed ") + what); }

void Write(WireWriter& out, const OptionValue& value) {
  out.Number(static_cast<uint8_t>(value.index()));
  std::visit(
      [&](const auto& held) {
        using T = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<T, std::string>) {
          out.Text(held);
        } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
          out.Number(static_cast<uint64_t>(held.size()));
          for (const std::string& item : held) out.Text(item);
        } else {
          out.Number(held);
        }
      },
      value);
}

OptionValue ReadOption(WireReader& in) {
  static_assert(std::variant_size_v<OptionValue> == 5, "a case for each type below");
  switch (in.Number<uint8_t>()) {
    case 0: return in.Number<uint8_t>() != 0;
    case 1: return in.Number<int64_t>();
    case 2: return in.Number<double>();
    case 3: return std::string(in.Text());
    default: break;
  }
  std::vector<std::string> items(in.Count(sizeof(uint64_t)));
  for (std::string& item : items) item = in.Text();
  return items;
}

}  // namespace

std::string_view IsolationHello() { return "retort-stage-host " RETORT_VERSION ", protocol 1"; }

std::string EncodeBare(Request request) {
  WireWriter out;
  out.Number(request);
  return out.Take();
}

std::string EncodeClose(bool cut_short) {
  WireWriter out;
  out.Number(Request::kClose);
  out.Number(static_cast<uint8_t>(cut_short));
  return out.Take();
}

std::string EncodeCreate(const StageDescriptor& descriptor, const StageConfig& config) {
  WireWriter out;
  out.Number(Request::kCreate);
  out.Text(descriptor.plugin_path);
  out.Text(descriptor.name);
  out.Text(config.stage_name);
  out.Number(static_cast<uint8_t>(config.repeatable));
  out.Number(static_cast<uint64_t>(config.values.size()));
  for (const auto& [name, value] : config.values) {
    out.Text(name);
    Write(out, value);
  }
  return out.Take();
}

Result<CreateRequest> DecodeCreate(std::string_view frame) {
  WireReader in(frame.substr(1));
  CreateRequest request;
  request.plugin_path = in.Text();
  request.stage = in.Text();
  request.config.stage_name = in.Text();
  request.config.repeatable = in.Number<uint8_t>() != 0;
  for (uint64_t left = in.Count(sizeof(uint64_t)); left > 0; --left) {
    std::string name(in.Text());
    request.config.values[std::move(name)] = ReadOption(in);
  }
  if (!in.AtEnd()) return Malformed("request to create a stage");
  return request;
}

std::string EncodeProcess(std::span<Record* const> records, uint64_t want) {
  WireWriter out;
  out.Number(Request::kProcess);
  out.Number(want);
  out.Number(static_cast<uint64_t>(records.size()));
  for (const Record* const record : records) {
    out.Number(record->number);
    out.Number(record->line);
    out.Number(record->bytes);
    out.Number(record->run_seed);
    out.Text(record->id);
    out.Text(record->json.dump());
  }
  return out.Take();
}

Status DecodeProcess(std::string_view frame, ProcessRequest* request) {
  WireReader in(frame.substr(1));
  request->want = in.Number<uint64_t>();
  for (uint64_t left = in.Count(6 * sizeof(uint64_t)); left > 0; --left) {
    Record& record = request->records.emplace_back();
    record.number = in.Number<uint64_t>();
    record.line = in.Number<uint64_t>();
    record.bytes = in.Number<uint64_t>();
    record.run_seed = in.Number<uint64_t>();
    record.id = in.Text();
    request->texts.push_back(in.Text());
    // The host's own text: nothing in it needs to be checked again.
    record.json = nlohmann::ordered_json::parse(request->texts.back(), nullptr, false);
  }
  return in.AtEnd() ? Status() : Malformed("request to process records");
}

}  // namespace retort
