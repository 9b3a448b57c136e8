#include "core/graph/pipeline_keys.h"

#include <cmath>
#include <limits>

#include "core/model/model.h"

namespace retort {
namespace {

OptionSpec Key(retort_option_type type, std::string name, std::string default_value, std::string text) {
  OptionSpec spec;
  spec.type = type;
  spec.name = std::move(name);
  spec.text = std::move(text);
  spec.default_value = std::move(default_value);
  spec.minimum = spec.maximum = std::nan("");
  return spec;
}

OptionSpec Number(std::string name, std::string default_value, double minimum, double maximum, std::string unit,
                  std::string text) {
  OptionSpec spec = Key(RETORT_OPTION_INT, std::move(name), std::move(default_value), std::move(text));
  spec.minimum = minimum;
  spec.maximum = maximum;
  spec.unit = std::move(unit);
  return spec;
}

OptionSpec Choice(std::string name, std::string default_value, std::vector<std::string> choices, std::string text) {
  OptionSpec spec = Key(RETORT_OPTION_ENUM, std::move(name), std::move(default_value), std::move(text));
  spec.choices = std::move(choices);
  return spec;
}

OptionSpec Source() {
  OptionSpec spec = Key(RETORT_OPTION_STRING, "source", "",
                        "Path of a GGUF file or of a folder with safetensors, or a name that tools/get-model knows.");
  spec.required = true;
  spec.example = "smollm2-135m-instruct";
  return spec;
}

OptionSpec Timeout() {
  OptionSpec spec =
      Key(RETORT_OPTION_FLOAT, "timeout", "0",
          "How long a call may take; then the stage's process is killed and the records of the call fail. "
          "With `isolation: process` alone; 0 = as long as it likes.");
  spec.minimum = 0;
  spec.maximum = 86400;
  spec.unit = "seconds";
  return spec;
}

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr double kMaxThreads = 4096;
constexpr double kMaxInt32 = 2147483647;

}  // namespace

const std::vector<std::string>& TopKeys() {
  static const std::vector<std::string> keys = {"retort", "name",      "include", "variables", "engine", "models",
                                                "stages", "templates", "edges",   "profiles",  "tests"};
  return keys;
}

const std::vector<std::string>& TemplateKeys() {
  static const std::vector<std::string> keys = {"parameters", "stages", "edges", "input", "outputs", "tests"};
  return keys;
}

const std::vector<OptionSpec>& EngineKeys() {
  static const std::vector<OptionSpec> keys = {
      Number("seed", "0", 0, kNone, "", "All chance of the run follows from it."),
      Number("credits", "256", 1, 1048576, "records", "Records in flight at most."),
      Number("credit_bytes", "268435456", 1, kNone, "bytes",
             "Bytes of JSON in flight at most; one record always fits."),
      Number("threads", "0", 0, kMaxThreads, "threads", "Compute threads; 0 = all."),
      Choice("affinity", "none", {"none", "cores"}, "`cores`: each compute thread stays on a core of its own."),
      Number("numa", "-1", -1, kMaxThreads, "", "The NUMA node on which compute threads run; -1 = any."),
      Key(RETORT_OPTION_BOOL, "deterministic", "false", "One call at a time, in a fixed order and batch shape."),
      Key(RETORT_OPTION_PATH, "dead_letter", "", "Failed records go to this JSONL file; empty: they are only counted."),
      Key(RETORT_OPTION_PATH, "dead_letter_beside", "",
          "Where `dead_letter` is empty: failed records go to this path with `.failed.jsonl` added, or to "
          "`failed.jsonl` "
          "where the path is `-` or no regular file."),
      Number("max_cycles", "100000", 1, kMaxInt32, "turns", "Back edges that a record may take before it fails."),
  };
  return keys;
}

const std::vector<OptionSpec>& ModelKeys() {
  static const std::vector<OptionSpec> keys = {
      Source(),
      Key(RETORT_OPTION_STRING, "device", "cpu", "Where it runs: `ref`, `cpu`, `cuda` or `cuda:N`."),
      Choice(
          "weights", "native", WeightChoices(),
          "Matrices are converted to this type when loaded, but rows that do not divide into its blocks (of 32, or 256 "
          "for the K types) stay as they are; `native` keeps the file's."),
      Choice("precision", "fast", {"exact", "fast"},
             "`exact`: float sums in an order that depends on neither batch nor threads."),
      Number("context_length", "0", 0, kMaxInt32, "tokens", "Prompt and completion together; 0 = the model's own."),
      Number("threads", "0", 0, kMaxThreads, "threads", "Threads of a step; 0 = all."),
      Number("prefix_cache", "1024", 0, kMaxInt32, "tokens",
             "Keys and values kept of earlier prompts, for prompts that begin alike; 0 = none."),
  };
  return keys;
}

const std::vector<OptionSpec>& StageKeys() {
  static const std::vector<OptionSpec> keys = {
      Number("max_batch", "0", 0, 65536, "records", "Records a call at most; 0 = the stage's own."),
      Number("linger", "0", 0, 60000, "milliseconds", "How long a call may wait for a fuller batch."),
      Number("concurrency", "0", 0, 1, "", "1 = one call at a time; 0 = as many as the stage allows."),
      Choice("order", "auto", {"auto", "input", "completion"},
             "Whether records arrive in the order of the input; `auto` = as the stage says."),
      Choice(
          "isolation", "none", {"none", "process"},
          "`process`: the stage runs in a process of its own, so that where its plugin crashes or hangs, the records "
          "of that call fail and the run goes on."),
      Timeout(),
  };
  return keys;
}

}  // namespace retort
