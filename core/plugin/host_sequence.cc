// Host functions: the sequence that a record carries.
#include <functional>
#include <utility>
#include <vector>

#include "core/model/generation.h"
#include "core/model/model.h"
#include "core/model/sampler.h"
#include "core/plugin/handles.h"
#include "core/plugin/host_call.h"
#include "core/plugin/host_services.h"
#include "core/plugin/provenance.h"
#include "core/plugin/sequence_of.h"

namespace retort {
namespace {

retort_code SequenceBegin(retort_record* handle, retort_model* model_handle, const int32_t* prompt, size_t count) {
  return HostCall([&]() -> Status {
    RETORT_RETURN_IF_ERROR(NotNull({{handle, "record"}, {model_handle, "model"}}));
    Record& record = *FromHandle(handle);
    const Model& model = *model_handle->model;
    const int32_t context = model.hyper().context_length;
    if (count == 0)
      return InvalidArgument("record " + record.id + ": the prompt has no tokens; a model needs at least one");
    if (count > static_cast<size_t>(context)) {
      return ResourceExhausted("record " + record.id + ": the prompt has " + std::to_string(count) +
                               " tokens, model `" + model.config().name + "` holds " + std::to_string(context) +
                               "; shorten the prompt or raise the model's context_length");
    }
    const int32_t old_vocab = std::exchange(record.vocab, model.hyper().vocab);
    if (Status tokens = CheckTokens(record, "prompt", prompt, count); !tokens.ok()) {
      record.vocab = old_vocab;
      return tokens;
    }
    record.generation =
        std::make_unique<Generation>(model.tokenizer(), std::vector<int32_t>(prompt, prompt + count), context);
    record.sampling.reset();
    record.draft.reset();
    for (auto& [owner, kv] : record.kv) RETORT_RETURN_IF_ERROR(kv->sequence->Truncate(0));  // of an earlier sequence
    return {};
  });
}

retort_code SequenceSetLimits(retort_record* handle, const retort_limits* limits) {
  return HostCall([&]() -> Status {
    RETORT_ASSIGN_OR_RETURN(Generation* const sequence, SequenceOf(handle));
    RETORT_RETURN_IF_ERROR(CheckStruct("retort_limits", limits));
    if (sequence->has_limits()) return {};
    if (limits->max_tokens < 0)
      return InvalidArgument("limits.max_tokens: expected 0 or more, got " + std::to_string(limits->max_tokens));
    if (limits->stop_count > 0) RETORT_RETURN_IF_ERROR(NotNull({{limits->stop, "limits.stop"}}));
    GenerationLimits copy{.max_tokens = limits->max_tokens, .stop = {}, .ignore_eos = limits->ignore_eos != 0};
    for (size_t i = 0; i < limits->stop_count; ++i) copy.stop.emplace_back(ViewOf(limits->stop[i]));
    sequence->SetLimits(std::move(copy));
    return {};
  });
}

retort_code SequenceView(const retort_record* handle, retort_sequence_view* view) {
  return HostCall([&]() -> Status {
    RETORT_RETURN_IF_ERROR(CheckStruct("retort_sequence_view", view));
    RETORT_ASSIGN_OR_RETURN(const Generation* const sequence, SequenceOf(handle));
    FillStruct(view,
               retort_sequence_view{sizeof *view, static_cast<retort_finish>(sequence->finish()),
                                    sequence->tokens().data(), sequence->tokens().size(), sequence->prompt_count(),
                                    sequence->has_limits() ? sequence->limits().max_tokens : -1, 0});
    return {};
  });
}

retort_code SequenceCommit(retort_record* handle, const int32_t* tokens, size_t count, size_t* committed,
                           retort_finish* finish) {
  return HostCall([&]() -> Status {
    RETORT_RETURN_IF_ERROR(NotNull({{committed, "committed"}, {finish, "finish"}}));
    RETORT_ASSIGN_OR_RETURN(Generation* const sequence, SequenceOf(handle));
    const Record& record = *FromHandle(handle);
    if (!sequence->has_limits())
      return InvalidArgument("record " + record.id + ": sequence_commit before sequence_set_limits");
    RETORT_RETURN_IF_ERROR(CheckTokens(record, "tokens", tokens, count));
    const std::vector<int32_t>& own = sequence->tokens();
    const std::less<> before;
    if (!before(tokens, own.data()) && before(tokens, own.data() + own.size())) {
      *committed = sequence->Commit(std::vector<int32_t>(tokens, tokens + count));  // a view of what Commit grows
    } else {
      *committed = sequence->Commit({tokens, count});
    }
    if (record.provenance != nullptr && *committed > 0)
      record.provenance->Committed(sequence->tokens().size() - *committed, *committed);
    *finish = static_cast<retort_finish>(sequence->finish());
    return {};
  });
}

retort_code SequenceFinish(retort_record* handle) {
  return HostCall([&]() -> Status {
    RETORT_ASSIGN_OR_RETURN(const Generation* const sequence, SequenceOf(handle));
    Record& record = *FromHandle(handle);
    if (sequence->finish() == FinishReason::kNone) {
      return InvalidArgument("record " + record.id +
                             ": sequence_finish before an end token, a stop string or max_tokens");
    }
    const size_t prompt = sequence->prompt_count(), generated = sequence->generated_count();
    record.json["completion"] = sequence->Text();
    record.json["finish_reason"] = FinishReasonName(sequence->finish());
    record.json["usage"] = {
        {"prompt_tokens", prompt}, {"completion_tokens", generated}, {"total_tokens", prompt + generated}};
    record.json_views.clear();
    return {};
  });
}

}  // namespace

void FillSequenceServices(retort_host& host) {
  host.sequence_begin = SequenceBegin;
  host.sequence_set_limits = SequenceSetLimits;
  host.sequence_view = SequenceView;
  host.sequence_commit = SequenceCommit;
  host.sequence_finish = SequenceFinish;
}

}  // namespace retort
