#include "tools/cli/bench_sparse.h"

#include <fmt/format.h>

#include <chrono>
#include <string>

#include "tools/cli/bench_steps.h"

namespace retort::cli {
namespace {

using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

/// One kind of step, and how long it took.
struct Case {
  ModelPart part;
  std::vector<double> seconds = {};
};

/// Cases of a kind and density: the feed-forward parts alone, and the whole step.
struct Pair {
  SparsityKind kind;
  double density;
  size_t mlp, step;  // places among the cases
};

LayerChoice WithoutAttention(int32_t layers) {
  LayerChoice choice = LayerChoice::All(layers);
  choice.attention.assign(static_cast<size_t>(layers), false);
  return choice;
}

/// Seconds of a step over a copy of nothing: the sequence is cut back to `length` afterwards.
Result<double> TimeStep(Model& model, KvSequence& kv, const std::vector<int32_t>& tokens, const ModelPart& part) {
  const size_t length = kv.length();
  const ForwardItem item{&kv, tokens, 0};
  std::span<const float> logits;
  const Clock::time_point start = Clock::now();
  RETORT_RETURN_IF_ERROR(part.whole() ? model.Forward({&item, 1}, &logits)
                                      : model.ForwardPart({&item, 1}, part, &logits));
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  RETORT_RETURN_IF_ERROR(kv.Rewind(length));
  return seconds;
}

/// Cases take turns, so that a change of the machine's speed meets all of them.
Status Measure(Model& model, KvSequence& kv, const SparseBenchOptions& options, std::vector<Case>* cases) {
  constexpr int kWarmUps = 3;
  const int32_t vocab = model.hyper().vocab;
  for (int i = 0; i < options.repeats + kWarmUps; ++i) {
    const std::vector<int32_t> tokens = SomeTokens(options.tokens, vocab, kv.length() + static_cast<uint64_t>(i));
    for (Case& each : *cases) {
      RETORT_ASSIGN_OR_RETURN(const double seconds, TimeStep(model, kv, tokens, each.part));
      if (i >= kWarmUps) each.seconds.push_back(seconds);
    }
  }
  return {};
}

/// The share of the model's parameters that feed-forward parts have, embeddings counted once where tied.
double MlpShare(const ModelHyper& h) {
  const double hidden = h.hidden, q = double{1} * h.heads * h.head_dim, kv = double{1} * h.kv_heads * h.head_dim;
  const double mlp = 3 * hidden * h.ffn * h.layers, attention = (2 * q + 2 * kv) * hidden * h.layers;
  const double tables = hidden * h.vocab * (h.tied_embeddings ? 1 : 2);
  return mlp / (mlp + attention + tables);
}

/// Of the weights of feed-forward parts, what a step reads: the gate is whole where it chooses.
double WeightsRead(SparsityKind kind, double density) {
  return kind == SparsityKind::kCoarse ? density : (1 + 2 * density) / 3;
}

Json Figures(const std::vector<Case>& cases, const std::vector<Pair>& pairs, double mlp_share) {
  const double nothing = Median(cases[0].seconds), mlp = Median(cases[1].seconds) - nothing;
  const double step = Median(cases[2].seconds);
  Json kinds = Json::object();
  for (const Pair& pair : pairs) {
    const double read = WeightsRead(pair.kind, pair.density), density = 1 - (1 - read) * mlp_share;
    const double step_ratio = Median(cases[pair.step].seconds) / step;
    kinds[pair.kind == SparsityKind::kCoarse ? "coarse" : "fine"][fmt::format("{:g}", pair.density)] = {
        {"mlp", (Median(cases[pair.mlp].seconds) - nothing) / mlp},
        {"mlp_share", read},
        {"step", step_ratio},
        {"density", density},
        {"step_over_density", step_ratio / density}};
  }
  kinds["step_seconds"] = step;
  kinds["mlp_seconds"] = mlp;
  return kinds;
}

}  // namespace

Result<Json> RunSparseBench(const SparseBenchOptions& options) {
  RETORT_ASSIGN_OR_RETURN(const std::shared_ptr<Model> model, Model::Load(options.model));
  const ModelHyper& hyper = model->hyper();
  if (options.prompt + options.tokens > hyper.context_length) {
    return InvalidArgument(
        fmt::format("bench sparse: a prompt of {} tokens and steps of {} outgrow the context of {} tokens; lower "
                    "--prompt or --tokens",
                    options.prompt, options.tokens, hyper.context_length));
  }
  const LayerChoice all = LayerChoice::All(hyper.layers), mlp_alone = WithoutAttention(hyper.layers);
  std::vector<Case> cases = {{LayerChoice::First(0, hyper.layers)}, {mlp_alone}, {all}};
  std::vector<Pair> pairs;
  const Clock::time_point start = Clock::now();
  for (const SparsityKind kind : {SparsityKind::kCoarse, SparsityKind::kFine}) {
    for (const double density : options.densities) {
      const Sparsity sparsity = Sparsity::Even(kind, density, 0, 0, hyper.layers);
      RETORT_RETURN_IF_ERROR(model->Prepare({all, sparsity}));
      pairs.push_back({kind, density, cases.size(), cases.size() + 1});
      cases.push_back({{mlp_alone, sparsity}});
      cases.push_back({{all, sparsity}});
    }
  }
  const double pack_seconds = std::chrono::duration<double>(Clock::now() - start).count();
  RETORT_ASSIGN_OR_RETURN(const std::unique_ptr<KvSequence> kv, model->CreateSequence());
  const std::vector<int32_t> prompt = SomeTokens(options.prompt, hyper.vocab, 0);
  const ForwardItem item{kv.get(), prompt, prompt.size()};
  std::span<const float> logits;
  RETORT_RETURN_IF_ERROR(model->Forward({&item, 1}, &logits));
  RETORT_RETURN_IF_ERROR(Measure(*model, *kv, options, &cases));
  Json figures = {{"model", model->config().source},
                  {"weights", options.model.weights},
                  {"precision", options.model.precision == Precision::kExact ? "exact" : "fast"},
                  {"threads", model->device().info().threads},
                  {"tokens", options.tokens},
                  {"repeats", options.repeats},
                  {"weight_bytes", model->weight_bytes()},
                  {"neuron_bytes", model->neuron_bytes()},
                  {"pack_seconds", pack_seconds}};
  figures.update(Figures(cases, pairs, MlpShare(hyper)));
  return figures;
}

}  // namespace retort::cli
