// The C++ objects behind the opaque handles of the plugin ABI.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/model/kv_cache.h"
#include "core/model/sparsity.h"
#include "core/plugin/descriptor.h"
#include "core/plugin/record.h"
#include "core/plugin/stage_body.h"

/// A model as one stage sees it, owned by the stage's config; or a part of one, owned by the handle of the whole.
struct retort_model {
  std::shared_ptr<retort::Model> model;
  std::unique_ptr<const retort::ModelPart> part = nullptr;  // null: all of it
  std::vector<std::unique_ptr<retort_model>> parts = {};
};

/// A record's sequence in one model (owned by the record), or a plugin's fork of one.
struct retort_kv {
  std::unique_ptr<retort::KvSequence> sequence;
  retort::Model* model = nullptr;
  bool is_fork = false;
};

/// Lives for one process call.
struct retort_context {
  retort::StageContext* context = nullptr;
};

/// The checked options of one stage of a pipeline; lives as long as the stage.
struct retort_config {
  /// `stage` must outlive this.
  retort_config(const retort::StageDescriptor& stage, retort::StageConfig config);

  const retort::StageDescriptor* descriptor;
  retort::StageConfig values;
  std::map<std::string, std::vector<retort_string>> lists;  // views into `values`, by option
  std::map<std::string, retort_model> models;               // by name under `models:`
};

namespace retort {

inline Record* FromHandle(retort_record* record) { return reinterpret_cast<Record*>(record); }
inline const Record* FromHandle(const retort_record* record) { return reinterpret_cast<const Record*>(record); }
inline retort_record* ToHandle(Record* record) { return reinterpret_cast<retort_record*>(record); }
/// Handles of a whole batch: a record's handle is its address.
inline retort_record* const* ToHandles(Record* const* records) {
  return reinterpret_cast<retort_record* const*>(records);
}

}  // namespace retort
