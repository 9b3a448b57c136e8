// Host functions: the draft that a record carries, how its tokens are drawn, and how it is verified.
#include <algorithm>
#include <cmath>
#include <span>
#include <utility>
#include <vector>

#include "core/base/random.h"
#include "core/decode/acceptance.h"
#include "core/decode/draft_answers.h"
#include "core/decode/draw_draft.h"
#include "core/model/logit_row.h"
#include "core/model/utf8.h"
#include "core/plugin/host_services.h"
#include "core/plugin/own_sampler.h"
#include "core/plugin/provenance.h"
#include "core/plugin/sequence_of.h"

namespace retort {
namespace {

constexpr double kQTolerance = 1e-3;  // of the sum of a row of floats

/// The record's draft. Errors: kNotFound where there is none.
Result<const Draft*> DraftOf(const Record& record) {
  if (record.draft != nullptr) return record.draft.get();
  return NotFound("record " + record.id + " carries no draft; connect a stage such as `draft` before");
}

bool HasQ(const retort_draft& draft) {
  return draft.token_count > 0 && draft.q != nullptr &&
         (draft.kind == RETORT_DRAFT_SAMPLED || draft.kind == RETORT_DRAFT_TREE);
}

/// Each row is a distribution, and its token may come from it: a wrong q would give a wrong text.
Status CheckQ(const Record& record, const retort_draft& draft) {
  const auto vocab = static_cast<size_t>(record.vocab);
  for (size_t i = 0; i < draft.token_count; ++i) {
    const std::span<const float> row(draft.q + i * vocab, vocab);
    const double sum = SumWeights(row);
    const float least = *std::min_element(row.begin(), row.end());
    const std::string place = "record " + record.id + ": draft.q[" + std::to_string(i) + "]";
    if (!(std::abs(sum - 1) <= kQTolerance) || !(least >= 0)) {
      return InvalidArgument(place + ": expected probabilities that sum to 1, got a sum of " + std::to_string(sum) +
                             " and a least value of " + std::to_string(least));
    }
    if (!(row[static_cast<size_t>(draft.tokens[i])] > 0)) {
      return InvalidArgument(place + ": the token " + std::to_string(draft.tokens[i]) +
                             " has q = 0, so it was not drawn from this row");
    }
  }
  return {};
}

Status CheckDraft(const Record& record, const retort_draft& draft) {
  if (draft.kind < RETORT_DRAFT_POINT_MASS || draft.kind > RETORT_DRAFT_TREE) {
    return InvalidArgument("draft.kind: expected 1 (POINT_MASS) to 3 (TREE), got " + std::to_string(draft.kind));
  }
  RETORT_RETURN_IF_ERROR(CheckTokens(record, "draft.tokens", draft.tokens, draft.token_count));
  if (FindInvalidUtf8(ViewOf(draft.drafter)) != std::string_view::npos)
    return InvalidArgument("draft.drafter: invalid UTF-8");
  if (draft.token_count == 0) return {};
  if (draft.kind == RETORT_DRAFT_SAMPLED) RETORT_RETURN_IF_ERROR(NotNull({{draft.q, "draft.q"}}));
  if (HasQ(draft)) RETORT_RETURN_IF_ERROR(CheckQ(record, draft));
  if (draft.kind != RETORT_DRAFT_TREE) return {};
  RETORT_RETURN_IF_ERROR(NotNull({{draft.parents, "draft.parents"}}));
  for (size_t i = 0; i < draft.token_count; ++i) {
    if (draft.parents[i] >= -1 && draft.parents[i] < static_cast<int64_t>(i)) continue;
    return InvalidArgument("draft.parents[" + std::to_string(i) + "]: expected -1 or an earlier index, got " +
                           std::to_string(draft.parents[i]));
  }
  return {};
}

retort_code DraftSet(retort_record* handle, const retort_draft* draft) {
  return HostCall([&]() -> Status {
    RETORT_RETURN_IF_ERROR(CheckStruct("retort_draft", draft));
    RETORT_RETURN_IF_ERROR(SequenceOf(handle).status());
    Record& record = *FromHandle(handle);
    RETORT_RETURN_IF_ERROR(CheckDraft(record, *draft));
    const size_t count = draft->token_count, q_size = count * static_cast<size_t>(record.vocab);
    const bool tree = draft->kind == RETORT_DRAFT_TREE && count > 0;
    auto copy = std::make_unique<Draft>();  // what is given may be a view of the record's draft
    copy->kind = draft->kind;
    copy->tokens.assign(draft->tokens, draft->tokens + count);
    copy->parents.assign(draft->parents, draft->parents + (tree ? count : 0));
    copy->q.assign(draft->q, draft->q + (HasQ(*draft) ? q_size : 0));
    copy->drafter = ViewOf(draft->drafter);
    copy->step_seconds = draft->step_seconds;
    copy->begin_seconds = draft->begin_seconds;
    copy->whole = draft->whole != 0;
    copy->steps = draft->steps;
    copy->density = draft->density;
    record.draft = std::move(copy);
    record.draft_answers.clear();
    return {};
  });
}

retort_code DraftView(const retort_record* handle, retort_draft* view) {
  return HostCall([&]() -> Status {
    RETORT_RETURN_IF_ERROR(CheckStruct("retort_draft", view));
    RETORT_RETURN_IF_ERROR(NotNull({{handle, "record"}}));
    const Record& record = *FromHandle(handle);
    RETORT_ASSIGN_OR_RETURN(const Draft* const found, DraftOf(record));
    const Draft& draft = *found;
    FillStruct(view, retort_draft{sizeof *view, draft.kind, draft.tokens.data(), draft.tokens.size(),
                                  draft.parents.empty() ? nullptr : draft.parents.data(),
                                  draft.q.empty() ? nullptr : draft.q.data(), ToAbi(draft.drafter), draft.step_seconds,
                                  draft.begin_seconds, draft.whole ? 1 : 0, draft.steps, draft.density});
    return {};
  });
}

retort_code DraftClear(retort_record* handle) {
  return HostCall([&]() -> Status {
    RETORT_RETURN_IF_ERROR(NotNull({{handle, "record"}}));
    FromHandle(handle)->draft.reset();
    return {};
  });
}

retort_code DraftDraw(retort_record* handle, const retort_draft_draw* draw, float* q, int32_t* token) {
  return HostCall([&]() -> Status {
    thread_local std::vector<float> row;
    RETORT_RETURN_IF_ERROR(CheckStruct("retort_draft_draw", draw));
    RETORT_RETURN_IF_ERROR(NotNull({{q, "q"}, {token, "token"}, {draw->logits, "draw.logits"}}));
    RETORT_ASSIGN_OR_RETURN(const Generation* const sequence, SequenceOf(handle));
    const Record& record = *FromHandle(handle);
    RETORT_RETURN_IF_ERROR(CheckTokens(record, "draw.history", draw->history, draw->history_count));
    RETORT_RETURN_IF_ERROR(CheckTokens(record, "draw.siblings", draw->siblings, draw->sibling_count));
    RETORT_ASSIGN_OR_RETURN(Sampler* const sampler, OwnSampler(record));
    const size_t vocab = static_cast<size_t>(record.vocab), width = std::min(vocab, draw->vocab);
    for (size_t i = 0; i < draw->sibling_count; ++i) {
      if (static_cast<size_t>(draw->siblings[i]) >= width)
        return InvalidArgument("draw.siblings: the drafter has no token " + std::to_string(draw->siblings[i]));
    }
    const BlockChance chance{record.run_seed, HashName(record.id), sequence->tokens().size()};
    const auto drawn = DrawDraft(*sampler, {draw->logits, width}, {draw->history, draw->history_count},
                                 chance.Draft(draw->index), {draw->siblings, draw->sibling_count}, record.fault, &row);
    if (!drawn.ok()) return drawn.status().Annotate("record " + record.id + ", draft");
    *token = *drawn;
    std::copy(row.begin(), row.end(), q);
    std::fill(q + row.size(), q + vocab, 0.0f);
    return {};
  });
}

retort_code DraftSetBudget(retort_record* handle, size_t tokens) {
  return HostCall([&]() -> Status {
    RETORT_RETURN_IF_ERROR(NotNull({{handle, "record"}}));
    FromHandle(handle)->draft_budget = tokens;
    return {};
  });
}

size_t DraftBudget(const retort_record* handle) {
  return handle == nullptr ? SIZE_MAX : FromHandle(handle)->draft_budget;
}

Acceptance FromAbi(const retort_acceptance& given, InjectedFault fault) {
  return {.rule = static_cast<AcceptanceRule>(given.rule),
          .block = given.block != 0,
          .lenience = given.lenience,
          .typical_epsilon = given.typical_epsilon,
          .typical_delta = given.typical_delta,
          .threshold = given.threshold,
          .threshold_temperature = given.threshold_temperature,
          .fault = fault};
}

/// The first `count` tokens of a draft.
DraftBlock FirstOf(const Draft& draft, size_t count) {
  DraftBlock block{std::span(draft.tokens).first(count), {}, {}};
  if (!draft.parents.empty()) block.parents = std::span(draft.parents).first(count);
  if (!draft.q.empty()) block.q = std::span(draft.q).first(draft.q.size() / draft.tokens.size() * count);
  return block;
}

retort_code DraftVerify(retort_record* handle, const retort_acceptance* acceptance, const float* logits, size_t rows,
                        size_t vocab, retort_verdict* out) {
  return HostCall([&]() -> Status {
    thread_local Verdict verdict;
    thread_local std::vector<int32_t> tokens;
    RETORT_RETURN_IF_ERROR(CheckStruct("retort_acceptance", acceptance));
    RETORT_RETURN_IF_ERROR(CheckStruct("retort_verdict", out));
    RETORT_RETURN_IF_ERROR(NotNull({{logits, "logits"}}));
    RETORT_ASSIGN_OR_RETURN(const Generation* const sequence, SequenceOf(handle));
    Record& record = *FromHandle(handle);
    RETORT_ASSIGN_OR_RETURN(const Draft* const draft, DraftOf(record));
    if (rows == 0 || rows > draft->tokens.size() + 1) {
      return InvalidArgument("rows: expected 1 to " + std::to_string(draft->tokens.size() + 1) +
                             " (one more than drafted tokens that were run), got " + std::to_string(rows));
    }
    if (vocab != static_cast<size_t>(record.vocab)) {
      return InvalidArgument("vocab: expected that of the sequence, " + std::to_string(record.vocab) + ", got " +
                             std::to_string(vocab));
    }
    const Acceptance rule = FromAbi(*acceptance, record.fault);
    RETORT_RETURN_IF_ERROR(rule.Check());
    RETORT_ASSIGN_OR_RETURN(Sampler* const sampler, OwnSampler(record));
    const BlockChance chance{record.run_seed, HashName(record.id), sequence->tokens().size()};
    TargetRows target(*sampler, {logits, rows * vocab}, vocab, sequence->tokens());
    const Status status = VerifyDraft(rule, FirstOf(*draft, rows - 1), chance, target, &verdict);
    if (!status.ok()) return status.Annotate("record " + record.id + ", position " + std::to_string(chance.begin));
    AnswerDraft(draft->asked, FirstOf(*draft, rows - 1), chance, target, &record.draft_answers);
    if (record.provenance != nullptr) {
      record.provenance->Verified(
          {.drafter = draft->drafter, .draft = draft->tokens, .run = rows - 1, .path = verdict.path});
    }
    tokens.clear();
    for (const int32_t node : verdict.path) tokens.push_back(draft->tokens[static_cast<size_t>(node)]);
    tokens.push_back(verdict.token);
    FillStruct(out,
               retort_verdict{sizeof *out, 0, verdict.path.data(), verdict.path.size(), tokens.data(), tokens.size()});
    return {};
  });
}

}  // namespace

void FillDraftServices(retort_host& host) {
  host.draft_set = DraftSet;
  host.draft_view = DraftView;
  host.draft_clear = DraftClear;
  host.draft_draw = DraftDraw;
  host.draft_verify = DraftVerify;
  host.draft_set_budget = DraftSetBudget;
  host.draft_budget = DraftBudget;
}

}  // namespace retort
