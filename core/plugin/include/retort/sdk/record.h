// A handle to one record: its JSON fields, attachments, and the sequence and draft that it carries.
// A stage may use a record from the Process call that brings it until it gives it away.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "retort/sdk/boundary.h"
#include "retort/sdk/model.h"

namespace retort::sdk {

enum class Finish : int32_t { kNone = RETORT_FINISH_NONE, kStop = RETORT_FINISH_STOP, kLength = RETORT_FINISH_LENGTH };

struct Limits {
  int32_t max_tokens = 256;                // generated at most
  std::span<const std::string> stop = {};  // text that ends the completion, itself left out
  bool ignore_eos = false;
};

/// Lives until the record's sequence is changed.
struct SequenceView {
  std::span<const int32_t> tokens;  // prompt, then what was generated
  size_t prompt_count = 0;
  Finish finish = Finish::kNone;
  int32_t max_tokens = -1;  // -1: limits not set yet

  std::span<const int32_t> prompt() const { return tokens.first(prompt_count); }
  std::span<const int32_t> generated() const { return tokens.subspan(prompt_count); }
};

struct Committed {
  size_t count = 0;  // tokens kept
  Finish finish = Finish::kNone;
};

enum class DraftKind : int32_t {
  kPointMass = RETORT_DRAFT_POINT_MASS,  // chosen without chance: q is 1 at the token
  kSampled = RETORT_DRAFT_SAMPLED,       // a chain, each token drawn from its q after all transforms
  kTree = RETORT_DRAFT_TREE              // chosen without chance, or with q each drawn given the siblings before it
};

/// To set a draft, which the host copies, or to view one until the record's draft changes.
struct DraftView {
  DraftKind kind = DraftKind::kPointMass;
  std::span<const int32_t> tokens = {};
  const int32_t* parents = nullptr;  // kTree: [tokens], -1 = the sequence's last token
  const float* q = nullptr;          // kSampled, and kTree where tokens were drawn: [tokens, vocab]
  std::string_view drafter = {};
  double step_seconds = 0;   // what one token more in a row costs the drafter, for the whole batch; 0: next to nothing
  double begin_seconds = 0;  // what its next draft costs beyond that, such as a prompt that it has not run yet
  bool whole = false;        // its tokens help together only: a step runs all of them or none
  int32_t steps = 0;         // of a drafting model, in a row, that it took; 0: not told
  double density = 0;        // of a part of the target that drafts: Info().density; 0: of none
};

/// Transforms apply in this order: bias, repetition_penalty, allowed, temperature, top_k, top_p, min_p; the defaults
/// are neutral.
struct Sampling {
  double temperature = 0;
  int32_t top_k = 0;
  double top_p = 1;
  double min_p = 0;
  double repetition_penalty = 1;
  int32_t repetition_window = -1;
  std::span<const retort_logit_bias> bias = {};
  std::span<const int32_t> allowed = {};  // the only tokens that may come; empty = all

  retort_sampling ToC() const {
    return {sizeof(retort_sampling), top_k, temperature, top_p,       min_p,          repetition_penalty,
            repetition_window,       0,     bias.data(), bias.size(), allowed.data(), allowed.size()};
  }
};

/// A token of a draft is to be drawn: retort_draft_draw.
struct DraftDraw {
  uint32_t index = 0;                      // of the draw in the record's block, each once
  std::span<const float> logits;           // of the drafter
  std::span<const int32_t> history;        // the tokens before it
  std::span<const int32_t> siblings = {};  // children of the same node, drawn before
};

enum class Rule : int32_t {
  kGreedy = RETORT_RULE_GREEDY,
  kLossless = RETORT_RULE_LOSSLESS,
  kLenient = RETORT_RULE_LENIENT,
  kTypical = RETORT_RULE_TYPICAL,
  kThreshold = RETORT_RULE_THRESHOLD
};

/// How a draft is accepted: retort_acceptance.
struct Acceptance {
  Rule rule = Rule::kLossless;
  bool block = false;
  double lenience = 1;
  double typical_epsilon = 0.09, typical_delta = 0.3;
  double threshold = 0.1, threshold_temperature = 0.6;
};

/// Views live until the thread's next Verify.
struct Verdict {
  std::span<const int32_t> path;    // the draft's tokens that stand, by index
  std::span<const int32_t> tokens;  // these tokens and the one that follows them
};

class Record {
 public:
  explicit Record(retort_record* handle = nullptr) : handle_(handle) {}
  retort_record* handle() const { return handle_; }
  /// False for a line that has failed already (Context::Create).
  explicit operator bool() const { return handle_ != nullptr; }

  std::string_view id() const { return FromC(Host().record_id(handle_)); }

  /// A top-level field that is a string. Views live until the record is changed or given away.
  /// Errors: kNotFound, kInvalidArgument if it is of another type.
  Result<std::string_view> GetString(std::string_view key) const {
    retort_string value = {};
    const retort_code code = Host().record_get_string(handle_, ToC(key), &value);
    if (code != RETORT_OK) return FromCode(code);
    return FromC(value);
  }
  /// A top-level field as JSON text, or the whole record for an empty key. Errors: kNotFound.
  Result<std::string_view> GetJson(std::string_view key = {}) const {
    retort_string value = {};
    const retort_code code = Host().record_get_json(handle_, ToC(key), &value);
    if (code != RETORT_OK) return FromCode(code);
    return FromC(value);
  }
  Status SetString(std::string_view key, std::string_view value) const {
    return FromCode(Host().record_set_string(handle_, ToC(key), ToC(value)));
  }
  /// Errors: kInvalidArgument for text that is not JSON.
  Status SetJson(std::string_view key, std::string_view json) const {
    return FromCode(Host().record_set_json(handle_, ToC(key), ToC(json)));
  }

  /// Hang an object on the record; it is destroyed when the record leaves or the name is set anew.
  template <typename T>
  Status Attach(std::string_view name, std::unique_ptr<T> object) const {
    const retort_code code = Host().record_attach(handle_, ToC(name), object.get(),
                                                  [](void* attached) { delete static_cast<T*>(attached); });
    if (code != RETORT_OK) return FromCode(code);
    static_cast<void>(object.release());  // the record's now
    return {};
  }
  /// The object attached under `name`, which must be a T, or null.
  template <typename T>
  T* Attachment(std::string_view name) const {
    return static_cast<T*>(Host().record_attachment(handle_, ToC(name)));
  }

  /// The T attached under `name`; on first use what `make` gives, a unique_ptr<T>.
  template <typename T, typename Make>
  Result<T*> AttachmentOr(std::string_view name, const Make& make) const {
    if (T* const attached = Attachment<T>(name); attached != nullptr) return attached;
    std::unique_ptr<T> made = make();
    T* const object = made.get();
    RETORT_RETURN_IF_ERROR(Attach(name, std::move(made)));
    return object;
  }

  /// Start the record's sequence with the prompt's tokens. Errors: kResourceExhausted where they leave no room in the
  /// model's context.
  Status BeginSequence(Model model, std::span<const int32_t> prompt) const {
    return FromCode(Host().sequence_begin(handle_, model.handle(), prompt.data(), prompt.size()));
  }
  /// Takes effect once; later calls change nothing.
  Status SetLimits(const Limits& limits) const {
    std::vector<retort_string> stop;
    for (const std::string& text : limits.stop) stop.push_back(ToC(text));
    const retort_limits c = {sizeof c, limits.max_tokens, stop.data(), stop.size(), limits.ignore_eos, 0};
    return FromCode(Host().sequence_set_limits(handle_, &c));
  }
  /// Errors: kNotFound before BeginSequence.
  Result<SequenceView> Sequence() const {
    retort_sequence_view view = {};
    view.size = sizeof view;
    const retort_code code = Host().sequence_view(handle_, &view);
    if (code != RETORT_OK) return FromCode(code);
    return SequenceView{{view.tokens, view.token_count}, view.prompt_count, Finish{view.finish}, view.max_tokens};
  }
  /// How the sequence's tokens are drawn; the record's own field `sampling` goes over it. Takes effect once.
  /// Errors: kInvalidArgument for a value out of range.
  Status SetSampling(const Sampling& sampling) const {
    const retort_sampling c = sampling.ToC();
    return FromCode(Host().sequence_set_sampling(handle_, &c));
  }
  /// Views live as long as the sequence. Errors: kNotFound before the first SetSampling.
  Result<Sampling> OwnSampling() const {
    retort_sampling c = {};
    c.size = sizeof c;
    const retort_code code = Host().sequence_sampling(handle_, &c);
    if (code != RETORT_OK) return FromCode(code);
    return Sampling{c.temperature,
                    c.top_k,
                    c.top_p,
                    c.min_p,
                    c.repetition_penalty,
                    c.repetition_window,
                    {c.bias, c.bias_count},
                    {c.allowed, c.allowed_count}};
  }
  /// Append generated tokens up to the first that finishes the sequence.
  Result<Committed> Commit(std::span<const int32_t> tokens) const {
    Committed committed;
    retort_finish finish = RETORT_FINISH_NONE;
    const retort_code code = Host().sequence_commit(handle_, tokens.data(), tokens.size(), &committed.count, &finish);
    if (code != RETORT_OK) return FromCode(code);
    committed.finish = Finish{finish};
    return committed;
  }
  /// Write `completion`, `finish_reason` and `usage` into the record.
  Status FinishSequence() const { return FromCode(Host().sequence_finish(handle_)); }

  Status SetDraft(const DraftView& draft) const {
    const retort_draft c = {sizeof c,
                            static_cast<retort_draft_kind>(draft.kind),
                            draft.tokens.data(),
                            draft.tokens.size(),
                            draft.parents,
                            draft.q,
                            ToC(draft.drafter),
                            draft.step_seconds,
                            draft.begin_seconds,
                            draft.whole ? 1 : 0,
                            draft.steps,
                            draft.density};
    return FromCode(Host().draft_set(handle_, &c));
  }
  /// Errors: kNotFound where there is none.
  Result<DraftView> Draft() const {
    retort_draft c = {};
    c.size = sizeof c;
    const retort_code code = Host().draft_view(handle_, &c);
    if (code != RETORT_OK) return FromCode(code);
    return DraftView{DraftKind{c.kind}, {c.tokens, c.token_count}, c.parents,    c.q,     FromC(c.drafter),
                     c.step_seconds,    c.begin_seconds,           c.whole != 0, c.steps, c.density};
  }
  Status ClearDraft() const { return FromCode(Host().draft_clear(handle_)); }
  /// How many tokens of the next draft pay, for drafters whose tokens cost something. SIZE_MAX: nobody has said.
  Status SetDraftBudget(size_t tokens) const { return FromCode(Host().draft_set_budget(handle_, tokens)); }
  size_t DraftBudget() const { return Host().draft_budget(handle_); }
  /// Let the verification say what the target puts after nodes of the draft (-1: after the sequence), accepted or not:
  /// retort_host::draft_ask. After SetDraft.
  Status AskDraft(std::span<const int32_t> nodes) const {
    return FromCode(Host().draft_ask(handle_, nodes.data(), nodes.size()));
  }
  /// The answers to the last AskDraft that was verified, in its order; -1: none for this node. The view lives until the
  /// next SetDraft or Verify. Errors: kNotFound where nothing was asked, or not verified.
  Result<std::span<const int32_t>> DraftAnswers() const {
    const int32_t* tokens = nullptr;
    size_t count = 0;
    const retort_code code = Host().draft_answers(handle_, &tokens, &count);
    if (code != RETORT_OK) return FromCode(code);
    return std::span<const int32_t>(tokens, count);
  }
  /// Draw a token of the next draft by the sequence's own sampling; `q` becomes the row that it was drawn from, as wide
  /// as the sequence's vocabulary. -1: the siblings left nothing.
  Result<int32_t> DrawDraft(const DraftDraw& draw, std::span<float> q) const {
    const retort_draft_draw c = {sizeof c,
                                 draw.index,
                                 draw.logits.data(),
                                 draw.logits.size(),
                                 draw.history.data(),
                                 draw.history.size(),
                                 draw.siblings.data(),
                                 draw.siblings.size()};
    int32_t token = -1;
    const retort_code code = Host().draft_draw(handle_, &c, q.data(), &token);
    if (code != RETORT_OK) return FromCode(code);
    return token;
  }
  /// Decide on the first rows - 1 tokens of the draft, by the target's `rows` rows of logits from `first` on. Nothing
  /// is committed. Errors: kInvalidArgument for a rule that does not fit the draft, kInternal for logits that are NaN.
  Result<Verdict> Verify(const Acceptance& acceptance, const Logits& logits, size_t first, size_t rows) const {
    const retort_acceptance c = {sizeof c,
                                 static_cast<retort_rule>(acceptance.rule),
                                 acceptance.block,
                                 0,
                                 acceptance.lenience,
                                 acceptance.typical_epsilon,
                                 acceptance.typical_delta,
                                 acceptance.threshold,
                                 acceptance.threshold_temperature};
    retort_verdict verdict = {};
    verdict.size = sizeof verdict;
    const retort_code code = Host().draft_verify(handle_, &c, logits.row(first).data(), rows, logits.vocab(), &verdict);
    if (code != RETORT_OK) return FromCode(code);
    return Verdict{{verdict.path, verdict.path_count}, {verdict.tokens, verdict.token_count}};
  }

  /// The record's own key/value sequence in `model`, made on first use and freed with the record.
  Result<sdk::Kv> Kv(Model model) const {
    retort_kv* kv = nullptr;
    const retort_code code = Host().record_kv(handle_, model.handle(), &kv);
    if (code != RETORT_OK) return FromCode(code);
    return sdk::Kv(kv);
  }

  /// Draw the token at index `position` of the sequence from one row of logits; `history` are the tokens before it.
  /// Chance is keyed by (run seed, record id, position) alone.
  Result<int32_t> Sample(const Sampling& sampling, std::span<const float> logits, std::span<const int32_t> history,
                         uint64_t position) const {
    const retort_sampling c = sampling.ToC();
    int32_t token = -1;
    const retort_code code =
        Host().sample(handle_, &c, logits.data(), logits.size(), history.data(), history.size(), position, &token);
    if (code != RETORT_OK) return FromCode(code);
    return token;
  }
  /// The same by the sequence's own sampling. Errors also: kNotFound before SetSampling.
  Result<int32_t> Sample(std::span<const float> logits, std::span<const int32_t> history, uint64_t position) const {
    int32_t token = -1;
    const retort_code code =
        Host().sample(handle_, nullptr, logits.data(), logits.size(), history.data(), history.size(), position, &token);
    if (code != RETORT_OK) return FromCode(code);
    return token;
  }
  /// Uniform in [0, 1), keyed by (run seed, record id, stream, position, draw).
  double Uniform(std::string_view stream, uint64_t position, uint32_t draw = 0) const {
    return Host().random_uniform(handle_, sdk::ToC(stream), position, draw);
  }

 private:
  retort_record* handle_;
};
// A span of handles is read as a span of Records.
static_assert(sizeof(Record) == sizeof(retort_record*) && std::is_standard_layout_v<Record>);

/// The probabilities after all transforms, [vocab]; temperature 0 gives a point mass.
inline Status Distribution(const Sampling& sampling, std::span<const float> logits, std::span<const int32_t> history,
                           std::span<float> probabilities) {
  if (probabilities.size() != logits.size()) return InvalidArgument("Distribution: both spans need the same size");
  const retort_sampling c = sampling.ToC();
  return FromCode(
      Host().distribution(&c, logits.data(), logits.size(), history.data(), history.size(), probabilities.data()));
}

}  // namespace retort::sdk
