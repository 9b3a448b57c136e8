// Host functions: models, and the keys and values of sequences in them.
#include <vector>

#include "core/model/generation.h"
#include "core/model/model.h"
#include "core/model/part_density.h"
#include "core/plugin/handles.h"
#include "core/plugin/host_call.h"
#include "core/plugin/host_services.h"
#include "core/plugin/model_checks.h"

namespace retort {
namespace {

constexpr int32_t kHostMemory = 1;  // device_kind of logits: the cpu's

retort_code ModelInfo(const retort_model* handle, retort_model_info* info) {
  return HostCall([&]() -> Status {
    RETORT_RETURN_IF_ERROR(NotNull({{handle, "model"}}));
    RETORT_RETURN_IF_ERROR(CheckStruct("retort_model_info", info));
    const Model& model = *handle->model;
    FillStruct(info, retort_model_info{sizeof *info, model.hyper().vocab, model.hyper().context_length,
                                       model.hyper().layers, model.tokenizer().bos(), model.tokenizer().eos(),
                                       static_cast<int32_t>(model.device().info().kind), 0, ToAbi(model.config().name),
                                       handle->part == nullptr ? 1 : PartDensity(model.hyper(), *handle->part)});
    return {};
  });
}

/// One item of a step, checked.
Result<ForwardItem> StepItem(const Model& model, const retort_forward_item& item, size_t index) {
  const std::string place = "items[" + std::to_string(index) + "]";
  if (item.kv == nullptr) return InvalidArgument(place + ".kv: expected a sequence, got null");
  if (item.kv->model != &model) {
    return InvalidArgument(place + ".kv: it belongs to " + NameOf(*item.kv->model) + ", the step is of " +
                           NameOf(model));
  }
  if (item.token_count == 0 || item.tokens == nullptr)
    return InvalidArgument(place + ".tokens: expected at least one token");
  if (item.logits_first > item.token_count) {
    return InvalidArgument(place + ".logits_first: expected 0 to " + std::to_string(item.token_count) + ", got " +
                           std::to_string(item.logits_first));
  }
  if (const Status tokens = CheckTokens(model, "tokens", item.tokens, item.token_count); !tokens.ok())
    return tokens.Annotate(place);
  const size_t parents = item.parents == nullptr ? 0 : item.token_count;
  return ForwardItem{
      item.kv->sequence.get(), {item.tokens, item.token_count}, item.logits_first, {item.parents, parents}};
}

retort_code ModelForward(retort_model* handle, const retort_forward_item* items, size_t count, retort_tensor* out) {
  return HostCall([&]() -> Status {
    thread_local std::vector<ForwardItem> step;
    RETORT_RETURN_IF_ERROR(NotNull({{handle, "model"}, {items, "items"}}));
    RETORT_RETURN_IF_ERROR(CheckStruct("retort_tensor", out));
    if (count == 0) return InvalidArgument("count: expected at least one item, got 0");
    RETORT_RETURN_IF_ERROR(CheckStruct("retort_forward_item", items));
    Model& model = *handle->model;
    step.clear();
    int64_t rows = 0;
    for (size_t i = 0; i < count; ++i) {
      const auto* item =
          reinterpret_cast<const retort_forward_item*>(reinterpret_cast<const char*>(items) + i * items->size);
      RETORT_ASSIGN_OR_RETURN(const ForwardItem checked, StepItem(model, *item, i));
      step.push_back(checked);
      rows += static_cast<int64_t>(item->token_count - item->logits_first);
    }
    std::span<const float> logits;
    const Status status =
        handle->part == nullptr ? model.Forward(step, &logits) : model.ForwardPart(step, *handle->part, &logits);
    if (!status.ok()) return status.Annotate(NameOf(model));
    const int64_t vocab = model.hyper().vocab;
    FillStruct(out, retort_tensor{sizeof *out,
                                  0,
                                  const_cast<float*>(logits.data()),
                                  kHostMemory,
                                  0,
                                  nullptr,
                                  {rows, vocab, 0, 0},
                                  {vocab, 1, 0, 0},
                                  2,
                                  0});
    return {};
  });
}

retort_code RecordKv(retort_record* record, retort_model* model, retort_kv** kv) {
  return HostCall([&]() -> Status {
    RETORT_RETURN_IF_ERROR(NotNull({{record, "record"}, {model, "model"}, {kv, "kv"}}));
    const Generation* const generation = FromHandle(record)->generation.get();
    auto& sequences = FromHandle(record)->kv;
    auto found = sequences.find(model->model.get());
    if (found == sequences.end()) {
      RETORT_ASSIGN_OR_RETURN(
          std::unique_ptr<KvSequence> sequence,
          generation == nullptr ? model->model->CreateSequence() : model->model->BeginSequence(generation->tokens()));
      auto made = std::make_shared<retort_kv>(retort_kv{std::move(sequence), model->model.get(), false});
      found = sequences.emplace(model->model.get(), std::move(made)).first;
    }
    *kv = found->second.get();
    return {};
  });
}

size_t KvLength(const retort_kv* kv) { return kv == nullptr ? 0 : kv->sequence->length(); }

retort_code KvTruncate(retort_kv* kv, size_t length) {
  return HostCall([&]() -> Status {
    RETORT_RETURN_IF_ERROR(NotNull({{kv, "kv"}}));
    return kv->sequence->Truncate(length);
  });
}

retort_code KvKeepPath(retort_kv* kv, const int32_t* path, size_t count) {
  return HostCall([&]() -> Status {
    RETORT_RETURN_IF_ERROR(NotNull({{kv, "kv"}}));
    if (count > 0) RETORT_RETURN_IF_ERROR(NotNull({{path, "path"}}));
    return kv->model->KeepPath(*kv->sequence, {path, count});
  });
}

retort_code KvKeepCommon(retort_kv* kv, const int32_t* tokens, size_t count) {
  return HostCall([&]() -> Status {
    thread_local std::vector<int32_t> path;
    RETORT_RETURN_IF_ERROR(NotNull({{kv, "kv"}, {tokens, "tokens"}}));
    if (count == 0) return InvalidArgument("count: expected at least one token, which is left for a step, got 0");
    KvSequence& sequence = *kv->sequence;
    const size_t common = sequence.CommonWith({tokens, count - 1}, &path);
    if (path.empty()) return sequence.Truncate(common);
    return kv->model->KeepPath(sequence, path);
  });
}

retort_code KvFork(const retort_kv* kv, retort_kv** fork) {
  return HostCall([&]() -> Status {
    RETORT_RETURN_IF_ERROR(NotNull({{kv, "kv"}, {fork, "fork"}}));
    *fork = std::make_unique<retort_kv>(retort_kv{kv->sequence->Fork(), kv->model, true}).release();
    return {};
  });
}

void KvFree(retort_kv* kv) {
  HostCall([&]() -> Status {
    if (kv != nullptr && !kv->is_fork)
      return InvalidArgument("kv_free: the sequence belongs to its record; free only what kv_fork made");
    delete kv;
    return {};
  });
}

}  // namespace

void FillModelServices(retort_host& host) {
  host.model_info = ModelInfo;
  host.model_forward = ModelForward;
  host.record_kv = RecordKv;
  host.kv_length = KvLength;
  host.kv_truncate = KvTruncate;
  host.kv_keep_path = KvKeepPath;
  host.kv_keep_common = KvKeepCommon;
  host.kv_fork = KvFork;
  host.kv_free = KvFree;
}

}  // namespace retort
