#include "core/model/model.h"

#include <algorithm>
#include <bit>
#include <unordered_set>

#include "core/device/cpu/parallel.h"
#include "core/model/fingerprint.h"
#include "core/model/model_file.h"
#include "core/model/model_neurons.h"
#include "core/model/prefix_cache.h"
#include "core/model/step_neurons.h"
#include "core/model/transformer.h"
#include "core/model/weights.h"

namespace retort {
namespace {

class LoadedModel final : public Model {
 public:
  const ModelConfig& config() const override { return config_; }
  const ModelHyper& hyper() const override { return hyper_; }
  const Tokenizer& tokenizer() const override { return *tokenizer_; }
  const ChatTemplate& chat_template() const override { return chat_template_; }
  Device& device() const override { return *device_; }
  size_t weight_bytes() const override { return weights_.bytes; }
  size_t kv_bytes_per_token() const override { return pool_->layout().page_bytes() / kKvPageTokens; }
  std::vector<std::string> DispatchReport() const override { return ops_->DispatchReport(); }
  Result<std::unique_ptr<KvSequence>> CreateSequence() override { return std::make_unique<KvSequence>(pool_); }
  Result<std::unique_ptr<KvSequence>> BeginSequence(std::span<const int32_t> prompt) override {
    // What a cached prefix says of neurons is not known.
    if (neurons_.gathers()) return CreateSequence();
    return prefixes_->Begin(prompt);
  }

  Status Load(const ModelConfig& config) {
    config_ = config;
    RETORT_ASSIGN_OR_RETURN(config_.source, ResolveModelSource(config.source));
    RETORT_ASSIGN_OR_RETURN(device_, OpenDevice(config.device, config.threads));
    RETORT_ASSIGN_OR_RETURN(file_, ModelFile::Open(config_.source));
    RETORT_ASSIGN_OR_RETURN(hyper_, file_->Hyper());
    if (config.step_tokens < 1)
      return InvalidArgument("step_tokens: expected 1 or more, got " + std::to_string(config.step_tokens));
    if (config.context_length < 0 || config.context_length > hyper_.context_length) {
      return InvalidArgument("context_length: expected 0 (the model's own) to " +
                             std::to_string(hyper_.context_length) + ", got " + std::to_string(config.context_length) +
                             WindowText());
    }
    if (config.context_length > 0) hyper_.context_length = config.context_length;
    RETORT_ASSIGN_OR_RETURN(ops_, MakeOpSet(*device_));
    if (config_.repeatable) ops_->ChooseByRule();
    Status text_status, weights_status;
    Beside(
        device_->info().threads, [&] { text_status = LoadText(); },
        [&] { ops_->Together([&] { weights_status = LoadMatrices(); }); });
    RETORT_RETURN_IF_ERROR(text_status);
    RETORT_RETURN_IF_ERROR(weights_status);
    RETORT_ASSIGN_OR_RETURN(stream_, device_->CreateStream());
    KvLayout layout{hyper_.layers, hyper_.kv_heads, hyper_.head_dim, DType::kF32};
    // Half keys and values halve what attention reads; exact keeps what was computed.
    if (config_.precision == Precision::kFast && device_->info().kind != DeviceKind::kRef) layout.type = DType::kF16;
    // Sequences share the pool and may outlive the model; the pool's pages need the device.
    pool_ = {new KvPagePool(*device_, layout), [device = device_](KvPagePool* pool) { delete pool; }};
    prefixes_ = std::make_unique<PrefixCache>(pool_, static_cast<size_t>(std::max(0, config_.prefix_cache)));
    whole_ = std::make_unique<const ModelPart>(LayerChoice::All(hyper_.layers));
    transformer_ = std::make_unique<Transformer>(hyper_, weights_, layout, *ops_, config_.precision);
    transformer_->UseNeurons(&neurons_);
    return {};
  }

  Status Forward(std::span<const ForwardItem> items, std::span<const float>* logits) override {
    return Run(items, *whole_, logits);
  }

  Status ForwardPart(std::span<const ForwardItem> items, const ModelPart& part,
                     std::span<const float>* logits) override {
    RETORT_RETURN_IF_ERROR(CheckPart(part));
    if (!neurons_.Has(part.sparsity))
      return InvalidArgument("forward step: a sparse part of model '" + config_.name + "' was not prepared");
    return Run(items, part, logits);
  }

  Status Prepare(const ModelPart& part) override {
    RETORT_RETURN_IF_ERROR(CheckPart(part));
    Status status;
    ops_->Together([&] { status = neurons_.Prepare(part.sparsity, weights_, *ops_); });
    return status;
  }
  Status WatchGates(GateMagnitudes* into) override {
    RETORT_RETURN_IF_ERROR(CheckNeuronOps(*ops_));
    transformer_->WatchGates(into);
    return {};
  }
  size_t neuron_bytes() const override { return neurons_.bytes(); }

  uint64_t Fingerprint() const override { return FingerprintOf(file_->tensors(), hyper_); }

  Status KeepPath(KvSequence& kv, std::span<const int32_t> path) override {
    if (&kv.pool() != pool_.get()) return InvalidArgument("KeepPath: the sequence belongs to another model");
    return kv.KeepPath(path, *ops_, *stream_);
  }

 private:
  Status LoadText() {
    RETORT_ASSIGN_OR_RETURN(tokenizer_, file_->CreateTokenizer());
    if (tokenizer_->vocab_size() > hyper_.vocab) {
      return InvalidArgument(config_.source + ": the tokenizer has " + std::to_string(tokenizer_->vocab_size()) +
                             " tokens, the embedding only " + std::to_string(hyper_.vocab) + " rows");
    }
    RETORT_ASSIGN_OR_RETURN(const std::string jinja, file_->ChatTemplateText());
    chat_template_ = ChatTemplate::Recognise(jinja);
    return {};
  }

  Status LoadMatrices() {
    RETORT_ASSIGN_OR_RETURN(weights_, LoadWeights(file_->tensors(), hyper_, config_, *ops_));
    return {};
  }

  Status Run(std::span<const ForwardItem> items, const ModelPart& part, std::span<const float>* logits) {
    RETORT_RETURN_IF_ERROR(Check(items, part));
    Status status;
    ops_->Together([&] { status = Step(items, part, logits); });
    if (status.ok()) return {};
    // What was enqueued may still write to the pages: wait before they go back. Its own error is no news.
    [[maybe_unused]] const Status drained = stream_->Synchronize();
    for (const ForwardItem& item : items) RETORT_RETURN_IF_ERROR(item.kv->Truncate(item.kv->length()));
    return status;
  }

  Status Step(std::span<const ForwardItem> items, const ModelPart& part, std::span<const float>* logits) {
    RETORT_RETURN_IF_ERROR(step_neurons_.Begin(items, part, neurons_.gathers(), hyper_));
    size_t wanted = 0;
    for (const ForwardItem& item : items) {
      RETORT_RETURN_IF_ERROR(item.kv->Reserve(item.tokens.size()));
      wanted += item.tokens.size() - std::min(item.logits_first, item.tokens.size());
    }
    RETORT_RETURN_IF_ERROR(GrowLogits(wanted));
    float* out = static_cast<float*>(logits_->data());
    rows_.Clear();
    for (size_t which = 0; which < items.size(); ++which) {
      const ForwardItem& item = items[which];
      RETORT_ASSIGN_OR_RETURN(const std::vector<uint64_t> paths, item.kv->PathsOf(item.parents));
      for (size_t i = 0; i < item.tokens.size(); ++i) {
        if (i >= item.logits_first) rows_.wanted.push_back(static_cast<int32_t>(rows_.tokens.size()));
        rows_.tokens.push_back(item.tokens[i]);
        rows_.attention.push_back(RowOf(*item.kv, paths, i));
        rows_.positions.push_back(rows_.attention.back().position);
        step_neurons_.AddRow(which, rows_);
        if (rows_.tokens.size() == static_cast<size_t>(config_.step_tokens)) RETORT_RETURN_IF_ERROR(Pass(part, &out));
      }
    }
    if (!rows_.tokens.empty()) RETORT_RETURN_IF_ERROR(Pass(part, &out));
    const size_t count = wanted * static_cast<size_t>(hyper_.vocab);
    const float* host = static_cast<const float*>(logits_->host_data());
    if (host == nullptr) {
      host_logits_.resize(count);
      RETORT_RETURN_IF_ERROR(
          device_->CopyToHost(host_logits_.data(), logits_->data(), count * sizeof(float), *stream_));
      host = host_logits_.data();
    }
    RETORT_RETURN_IF_ERROR(stream_->Synchronize());
    for (size_t which = 0; which < items.size(); ++which) {
      const ForwardItem& item = items[which];
      RETORT_ASSIGN_OR_RETURN(const std::vector<uint64_t> paths, item.kv->PathsOf(item.parents));
      step_neurons_.Advance(which, item);
      item.kv->Advance(item.tokens, paths, !part.whole());
      // A page or more at once is a prompt; what a model writes token by token hardly begins another one.
      if (part.whole() && item.parents.empty() && item.tokens.size() >= kKvPageTokens) prefixes_->Keep(*item.kv);
    }
    *logits = {host, count};
    return {};
  }

  Status CheckPart(const ModelPart& part) const {
    const LayerChoice& layers = part.layers;
    if (layers.layers() != hyper_.layers || layers.feed_forward.size() != layers.attention.size()) {
      return InvalidArgument("forward step: expected a choice of " + std::to_string(hyper_.layers) +
                             " layers, got one of " + std::to_string(layers.layers()));
    }
    return part.sparsity.Check(hyper_.layers);
  }

  static AttentionRow RowOf(const KvSequence& kv, std::span<const uint64_t> paths, size_t i) {
    if (paths.empty()) return {kv.page_table(), static_cast<int32_t>(kv.length() + i)};
    const auto prefix = static_cast<int32_t>(kv.prefix_length());
    return {kv.page_table(), prefix + std::popcount(paths[i]) - 1, prefix, paths[i]};
  }

  /// Positions in use after the item: of a tree, those of its longest path.
  static Result<size_t> EndOf(const ForwardItem& item) {
    if (item.parents.empty()) return item.kv->length() + item.tokens.size();
    RETORT_ASSIGN_OR_RETURN(const std::vector<uint64_t> paths, item.kv->PathsOf(item.parents));
    int longest = 0;
    for (const uint64_t path : paths) longest = std::max(longest, std::popcount(path));
    return item.kv->prefix_length() + static_cast<size_t>(longest);
  }

  static Status CheckTree(const ForwardItem& item) {
    if (item.parents.empty()) {
      if (item.kv->tree().empty()) return {};
      return InvalidArgument("forward step: a sequence ends in a tree of " + std::to_string(item.kv->tree().size()) +
                             " tokens: keep a path of it (KeepPath), or truncate to the " +
                             std::to_string(item.kv->prefix_length()) + " tokens before it");
    }
    if (item.parents.size() != item.tokens.size()) {
      return InvalidArgument("forward step: a tree of " + std::to_string(item.tokens.size()) + " tokens has " +
                             std::to_string(item.parents.size()) + " parents");
    }
    return {};
  }

  Status Check(std::span<const ForwardItem> items, const ModelPart& part) const {
    if (items.empty()) return InvalidArgument("forward step: expected at least one sequence, got none");
    std::unordered_set<const KvSequence*> seen;
    for (const ForwardItem& item : items) {
      if (item.kv == nullptr || &item.kv->pool() != pool_.get()) {
        return InvalidArgument("forward step of model '" + config_.name +
                               "': a sequence belongs to no model or another one");
      }
      if (!seen.insert(item.kv).second) return InvalidArgument("forward step: one sequence stands twice in it");
      if (item.tokens.empty()) return InvalidArgument("forward step: a sequence brings no tokens");
      RETORT_RETURN_IF_ERROR(CheckTree(item));
      if (part.whole() && item.kv->whole_length() < item.kv->length()) {
        return InvalidArgument("forward step: a sequence ends in " +
                               std::to_string(item.kv->length() - item.kv->whole_length()) +
                               " tokens that a part of the model has run: rewind to the " +
                               std::to_string(item.kv->whole_length()) + " tokens before them");
      }
      RETORT_ASSIGN_OR_RETURN(const size_t end, EndOf(item));
      if (end > static_cast<size_t>(hyper_.context_length)) {
        return ResourceExhausted("forward step: " + std::to_string(item.kv->prefix_length()) + " tokens and " +
                                 std::to_string(end - item.kv->prefix_length()) + " more exceed the context of " +
                                 std::to_string(hyper_.context_length) + " tokens" + WindowText());
      }
      for (const int32_t token : item.tokens) {
        if (token < 0 || token >= hyper_.vocab) {
          return InvalidArgument("forward step: token " + std::to_string(token) + ": expected 0 to " +
                                 std::to_string(hyper_.vocab - 1));
        }
      }
    }
    return {};
  }

  /// Why the context ends where it does, if that is a surprise.
  std::string WindowText() const {
    if (hyper_.sliding_window == 0) return "";
    return " (the model's attention has a sliding window of " + std::to_string(hyper_.sliding_window) +
           " tokens, and longer contexts are not supported)";
  }

  Status GrowLogits(size_t rows) {
    const size_t bytes = std::max<size_t>(1, rows) * static_cast<size_t>(hyper_.vocab) * sizeof(float);
    if (logits_ != nullptr && logits_->size() >= bytes) return {};
    logits_.reset();
    RETORT_ASSIGN_OR_RETURN(logits_, device_->Allocate(bytes));
    return {};
  }

  Status Pass(const ModelPart& part, float** out) {
    RETORT_RETURN_IF_ERROR(transformer_->Run(rows_, part, *out, *stream_));
    *out += rows_.wanted.size() * static_cast<size_t>(hyper_.vocab);
    rows_.Clear();
    return {};
  }

  // Later members use earlier ones and go first.
  ModelConfig config_;
  ModelHyper hyper_;
  std::unique_ptr<const ModelPart> whole_;
  std::shared_ptr<Device> device_;
  std::unique_ptr<ModelFile> file_;
  std::unique_ptr<Tokenizer> tokenizer_;
  ChatTemplate chat_template_;
  std::unique_ptr<OpSet> ops_;
  Weights weights_;
  ModelNeurons neurons_;
  std::unique_ptr<Stream> stream_;
  std::shared_ptr<KvPagePool> pool_;
  std::unique_ptr<PrefixCache> prefixes_;
  std::unique_ptr<Transformer> transformer_;
  std::unique_ptr<Buffer> logits_;
  std::vector<float> host_logits_;
  StepRows rows_;
  StepNeurons step_neurons_;
};

}  // namespace

Status Model::ForwardPart(std::span<const ForwardItem> /*items*/, const ModelPart& /*part*/,
                          std::span<const float>* /*logits*/) {
  return Unsupported("model '" + config().name + "' cannot run a part of itself");
}

Status Model::Prepare(const ModelPart& part) {
  if (!part.sparsity.any()) return {};
  return Unsupported("model '" + config().name + "' cannot leave neurons out");
}

Status Model::WatchGates(GateMagnitudes* into) {
  if (into == nullptr) return {};
  return Unsupported("model '" + config().name + "' does not show its gates");
}

Result<std::shared_ptr<Model>> Model::Load(const ModelConfig& config) {
  auto model = std::make_shared<LoadedModel>();
  if (Status status = model->Load(config); !status.ok()) {
    return config.name.empty() ? status : status.Annotate("model '" + config.name + "'");
  }
  return std::shared_ptr<Model>(std::move(model));
}

}  // namespace retort
