// What the host asks of the process of a stage, and what that answers. One request is under way at a time; a cancel may
// follow it. The records of a call are known by their place in it, and those that a source makes by the places after.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/plugin/descriptor.h"
#include "core/plugin/isolation/wire.h"
#include "core/plugin/record.h"

namespace retort {

/// The first byte of a frame to the process.
enum class Request : uint8_t { kCreate = 1, kOpen, kProcess, kCancel, kClose, kQuit };

/// The first frame from the process: host and process must be of one build.
std::string_view IsolationHello();

struct CreateRequest {
  std::string plugin_path, stage;  // the file, and the name after `uses:`
  StageConfig config;              // without models
};
std::string EncodeCreate(const StageDescriptor& descriptor, const StageConfig& config);
Result<CreateRequest> DecodeCreate(std::string_view frame);

struct ProcessRequest {
  uint64_t want = 0;
  std::deque<Record> records;           // a Record cannot be moved
  std::vector<std::string_view> texts;  // their JSON, views into the frame
};
std::string EncodeProcess(std::span<Record* const> records, uint64_t want);
/// Errors: kInternal.
Status DecodeProcess(std::string_view frame, ProcessRequest* request);

/// kOpen, kCancel and kQuit have no more than their first byte, kClose a flag.
std::string EncodeBare(Request request);
std::string EncodeClose(bool cut_short);

/// What a stage did in a call. Every request but a cancel and a quit is answered by one; most hold a status alone.
struct Answer {
  struct Made {  // by a source
    uint64_t line = 0, bytes = 0;
    std::string id, line_text;
  };
  enum class Way : uint8_t { kEmit = 0, kComplete, kFail, kSkip };
  struct Outcome {
    Way way = Way::kEmit;
    uint32_t record = 0;
    uint32_t port = 0;                  // kEmit
    StatusCode code = StatusCode::kOk;  // kFail
    std::string text{};                 // kFail, kSkip
  };
  struct Changed {
    uint32_t record = 0;
    std::string text{};             // as it goes to the host
    nlohmann::ordered_json json{};  // as the host has read it
  };

  Status status;
  bool end = false;  // a source has no more records
  std::vector<Made> made;
  std::vector<Outcome> outcomes;  // in the order of the stage's doing
  std::vector<Changed> changed;   // records whose JSON is another than the call's
  std::map<std::string, double> counts;
  std::vector<std::pair<std::string, double>> samples;
};
std::string EncodeAnswer(const Answer& answer);

/// What an answer to a call can be.
struct AnswerBounds {
  size_t given = 0, want = 0, outputs = 0;
};
/// Read and check completely. Errors: kInternal where a stage that is in order cannot have sent this.
Result<Answer> DecodeAnswer(std::string_view frame, const AnswerBounds& bounds);

}  // namespace retort
