// A record: one JSONL object on its way through the graph, with what stages hung on it.
// Owned by the engine's pool; one thread at a time holds a record, so nothing here locks.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/decode/injected_fault.h"
#include "retort/plugin.h"
#include "retort/status.h"

namespace retort {

class Generation;  // core/model/generation.h
class Model;
class Provenance;       // core/plugin/provenance.h
struct SamplingParams;  // core/model/sampler.h

/// A draft as the record keeps it (the copy behind retort_draft).
struct Draft {
  retort_draft_kind kind = RETORT_DRAFT_POINT_MASS;
  std::vector<int32_t> tokens;
  std::vector<int32_t> parents;
  std::vector<float> q;
  std::string drafter;
  double step_seconds = 0, begin_seconds = 0;
  bool whole = false;
  int32_t steps = 0;
  double density = 0;
  std::vector<int32_t> asked;  // nodes after which the drafter wants to know the target's token; -1: the sequence
};

class Record {
 public:
  Record();
  ~Record();
  Record(const Record&) = delete;
  Record& operator=(const Record&) = delete;

  uint64_t number = 0;  // order of admission, from 0
  uint64_t line = 0;    // in the input, from 1; 0 = unknown
  uint64_t bytes = 0;   // length of the input line, which the engine's byte credits count
  uint64_t run_seed = 0;
  InjectedFault fault = InjectedFault::kNone;  // of the run: tests of losslessness switch one on
  std::string id;
  nlohmann::ordered_json json;
  std::string line_text;  // of a line that is no record: the text itself, for the dead-letter file
  std::unique_ptr<Generation> generation;
  std::unique_ptr<SamplingParams> sampling;  // how the sequence's tokens are drawn, once a stage has said so
  std::unique_ptr<Draft> draft;
  size_t draft_budget = SIZE_MAX;          // tokens of the next draft, as far as the verifier has said
  std::vector<int32_t> draft_answers;      // of the last verification, to Draft::asked; outlive the draft
  std::unique_ptr<Provenance> provenance;  // null: nobody asked who produced which token
  std::map<const Model*, std::shared_ptr<retort_kv>> kv;  // shared_ptr: its deleter is known where the handle is made

  /// Hang `object` under `name`; an earlier one of that name is destroyed.
  void Attach(std::string_view name, void* object, void (*destroy)(void*));
  void* Attachment(std::string_view name) const;

  /// Whether a model has computed, or is computing, something for it.
  bool begun() const { return !kv.empty() || cycles > 0; }

  /// Free everything but id, line, line_text and json (a finished record needs no caches).
  void ReleasePayloads();

  Record* next = nullptr;  // intrusive chain of the engine
  uint32_t cycles = 0;     // back edges taken; the engine's bound
  uint32_t stage = 0;      // where the record stands: index in order of AddStage
  std::atomic<const void*> holder =
      nullptr;  // the call that may give the record away; atomic, since faulty stages may ask late
  std::map<std::string, std::string, std::less<>> json_views;  // back record_get_json, by key; until the record changes
  int32_t vocab = 0;                                           // of the model that the sequence was begun with

 private:
  struct Attached {
    void* object;
    void (*destroy)(void*);
  };
  std::map<std::string, Attached, std::less<>> attached_;
};

/// Parse JSON text. Errors: kInvalidArgument with column and cause: not JSON, invalid UTF-8, nested deeper than 256, a
/// whole number beyond 64 bits (which would come back as another).
Result<nlohmann::ordered_json> ParseJson(std::string_view text);

/// Parse one JSONL line into `record` (json, id, line). Errors: those of ParseJson, and
/// kInvalidArgument where it is no object; id, line and line_text (1 MiB of it at most) are set nevertheless.
Status ParseRecord(std::string_view text, uint64_t line, Record& record);

}  // namespace retort
