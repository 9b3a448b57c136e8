// What a record's own field `sampling` says of how its tokens are drawn.
#include <charconv>
#include <limits>

#include "core/plugin/own_sampler.h"

namespace retort {
namespace {

using Json = nlohmann::ordered_json;

class Reader {
 public:
  Reader(const Record& record, const std::string& key, const Json& value) : record_(record), key_(key), value_(value) {}

  Status Number(double* out) const {
    if (!value_.is_number()) return Expected("a number");
    *out = value_.get<double>();
    return {};
  }
  Status Whole(int32_t* out) const {
    if (!IsToken(value_, std::numeric_limits<int32_t>::min())) return Expected("a whole number of 32 bits");
    *out = value_.get<int32_t>();
    return {};
  }
  Status Bias(std::vector<LogitBias>* out) const {
    if (!value_.is_object()) return Expected("an object {\"TOKEN\": number}");
    out->clear();
    for (const auto& [token, bias] : value_.items()) {
      int32_t number = -1;
      const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), number);
      const bool whole = error == std::errc() && end == token.data() + token.size();
      if (!whole || number < 0 || number >= record_.vocab) return ExpectedToken("`" + token + "`");
      if (!bias.is_number()) return Expected("an object {\"TOKEN\": number}");
      out->push_back({number, bias.get<float>()});
    }
    return {};
  }
  Status Tokens(std::vector<int32_t>* out) const {
    if (!value_.is_array() || value_.empty()) return Expected("a list of one token or more");
    out->clear();
    for (const Json& token : value_) {
      if (!IsToken(token, 0) || token.get<int32_t>() >= record_.vocab) return ExpectedToken(token.dump());
      out->push_back(token.get<int32_t>());
    }
    return {};
  }
  Status Expected(const std::string& what) const {
    return InvalidArgument("record " + record_.id + ": sampling." + key_ + ": expected " + what + ", got " +
                           value_.dump().substr(0, 100));
  }

 private:
  static bool IsToken(const Json& value, int64_t least) {
    if (!value.is_number_integer()) return false;
    if (value.is_number_unsigned()) return value.get<uint64_t>() <= std::numeric_limits<int32_t>::max();
    return value.get<int64_t>() >= least && value.get<int64_t>() <= std::numeric_limits<int32_t>::max();
  }
  Status ExpectedToken(const std::string& got) const {
    return InvalidArgument("record " + record_.id + ": sampling." + key_ + ": expected tokens from 0 to " +
                           std::to_string(record_.vocab - 1) + ", got " + got);
  }

  const Record& record_;
  const std::string& key_;
  const Json& value_;
};

Status ApplyKey(const Reader& reader, const std::string& key, SamplingParams* params) {
  if (key == "temperature") return reader.Number(&params->temperature);
  if (key == "top_k") return reader.Whole(&params->top_k);
  if (key == "top_p") return reader.Number(&params->top_p);
  if (key == "min_p") return reader.Number(&params->min_p);
  if (key == "repetition_penalty") return reader.Number(&params->repetition_penalty);
  if (key == "repetition_window") return reader.Whole(&params->repetition_window);
  if (key == "logit_bias") return reader.Bias(&params->logit_bias);
  if (key == "allowed_tokens") return reader.Tokens(&params->allowed);
  return reader.Expected(
      "no such key, but temperature, top_k, top_p, min_p, repetition_penalty, repetition_window, logit_bias or "
      "allowed_tokens");
}

}  // namespace

Status ApplyRecordSampling(const Record& record, SamplingParams* params) {
  const auto field = record.json.find("sampling");
  if (field == record.json.end()) return {};
  if (!field->is_object()) {
    return InvalidArgument("record " + record.id + ": field `sampling`: expected an object such as " +
                           "{\"temperature\": 0.7}, got " + field->type_name());
  }
  for (const auto& [key, value] : field->items())
    RETORT_RETURN_IF_ERROR(ApplyKey(Reader(record, key, value), key, params));
  return params->Check().Annotate("record " + record.id + ": sampling");
}

}  // namespace retort
