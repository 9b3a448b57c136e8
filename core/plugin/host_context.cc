// Host functions: one process call, and its metrics.
#include "core/plugin/handles.h"
#include "core/plugin/host_call.h"
#include "core/plugin/host_services.h"

namespace retort {
namespace {

retort_code ContextEmit(retort_context* context, uint32_t port, retort_record* record) {
  return HostCall([&]() -> Status {
    RETORT_RETURN_IF_ERROR(NotNull({{context, "context"}, {record, "record"}}));
    return context->context->Emit(port, FromHandle(record));
  });
}

retort_code ContextComplete(retort_context* context, retort_record* record) {
  return HostCall([&]() -> Status {
    RETORT_RETURN_IF_ERROR(NotNull({{context, "context"}, {record, "record"}}));
    return context->context->Complete(FromHandle(record));
  });
}

retort_code ContextFail(retort_context* context, retort_record* record, retort_code code, retort_string message) {
  return HostCall([&]() -> Status {
    RETORT_RETURN_IF_ERROR(NotNull({{context, "context"}, {record, "record"}}));
    Status why = Internal("context_fail with code " + std::to_string(code) +
                          ", which is no error: " + std::string(ViewOf(message)));
    if (code > RETORT_OK && code <= RETORT_INTERNAL)
      why = {static_cast<StatusCode>(code), std::string(ViewOf(message))};
    return context->context->Fail(FromHandle(record), std::move(why));
  });
}

retort_code ContextSkip(retort_context* context, retort_record* record, retort_string reason) {
  return HostCall([&]() -> Status {
    RETORT_RETURN_IF_ERROR(NotNull({{context, "context"}, {record, "record"}}));
    return context->context->Skip(FromHandle(record), ViewOf(reason));
  });
}

int32_t ContextCancelled(retort_context* context) {
  return context != nullptr && context->context->Cancelled() ? 1 : 0;
}

retort_code ContextCreateRecord(retort_context* context, retort_string json, uint64_t line, retort_record** record) {
  return HostCall([&]() -> Status {
    RETORT_RETURN_IF_ERROR(NotNull({{context, "context"}, {record, "record"}}));
    *record = nullptr;
    RETORT_ASSIGN_OR_RETURN(Record* const made, context->context->Create());
    Status parsed = ParseRecord(ViewOf(json), line, *made);
    if (!parsed.ok()) return context->context->Fail(made, std::move(parsed));
    *record = ToHandle(made);
    return {};
  });
}

void MetricCount(retort_context* context, retort_string name, double amount) {
  HostCall([&]() -> Status {
    RETORT_RETURN_IF_ERROR(NotNull({{context, "context"}}));
    context->context->Count(ViewOf(name), amount);
    return {};
  });
}

void MetricSample(retort_context* context, retort_string name, double value) {
  HostCall([&]() -> Status {
    RETORT_RETURN_IF_ERROR(NotNull({{context, "context"}}));
    context->context->Sample(ViewOf(name), value);
    return {};
  });
}

}  // namespace

void FillContextServices(retort_host& host) {
  host.context_emit = ContextEmit;
  host.context_complete = ContextComplete;
  host.context_fail = ContextFail;
  host.context_skip = ContextSkip;
  host.context_cancelled = ContextCancelled;
  host.context_create_record = ContextCreateRecord;
  host.metric_count = MetricCount;
  host.metric_sample = MetricSample;
}

}  // namespace retort
