// A language model on a device: weights, tokenizer, chat template and batched forward steps.
// Load once, share by shared_ptr. Const members are thread-safe; Forward is not: callers run one step at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/model/chat_template.h"
#include "core/model/kv_cache.h"
#include "core/model/rope.h"
#include "core/model/sparsity.h"
#include "core/model/tokenizer.h"
#include "core/ops/ops.h"

namespace retort {

class GateMagnitudes;

struct ModelConfig {
  std::string name;    // under `models:`; for messages
  std::string source;  // a GGUF file, a folder with safetensors, or a name known to tools/get-model
  std::string device = "cpu";
  std::string weights = "native";  // one of WeightChoices: matrices are converted at load where they differ
  Precision precision = Precision::kFast;
  int32_t context_length = 0;   // tokens; 0 = the model's own
  int32_t step_tokens = 512;    // rows of one pass through the layers; longer inputs are cut into passes
  int threads = 0;              // 0 = all
  bool repeatable = false;      // the same bits in every process: kernels are chosen by rule, not by measuring
  int32_t prefix_cache = 1024;  // tokens of earlier prompts whose keys and values are kept for prompts that begin alike
};

/// "native" and the names of the types that matrices can be converted to.
const std::vector<std::string>& WeightChoices();

struct ModelHyper {
  std::string architecture;  // "llama", "qwen2", ...; as the file calls it
  int32_t vocab = 0, hidden = 0, layers = 0, heads = 0, kv_heads = 0, head_dim = 0, ffn = 0, rope_dim = 0;
  int32_t context_length = 0;
  float rms_eps = 1e-5f, rope_base = 10000.0f;
  bool rope_neox = false, attention_bias = false, tied_embeddings = false;
  bool qk_norm = false;        // queries and keys are normalised by head (qwen3)
  int32_t sliding_window = 0;  // tokens that attention is meant to see; bounds context_length; 0: all
  RopeScaling rope_scaling;
  float attention_scale = 0;  // of the scores q·k
};

struct ForwardItem {
  KvSequence* kv = nullptr;         // of this model
  std::span<const int32_t> tokens;  // appended
  size_t logits_first = 0;          // logits for tokens [logits_first, tokens.size())
  /// Makes the tokens nodes of a tree of drafts, which all follow the sequence: the parent of each, as
  /// KvSequence::PathsOf takes them. A node sees the sequence, its ancestors and itself. Empty: each token follows the
  /// one before it.
  std::span<const int32_t> parents = {};
};

class Model {
 public:
  /// Errors: kNotFound (no such file or name, with the names known), kDataLoss (truncated or damaged file),
  /// kUnsupported (architecture, tensor type), kInvalidArgument (option). Messages name the file.
  static Result<std::shared_ptr<Model>> Load(const ModelConfig& config);
  virtual ~Model() = default;

  virtual const ModelConfig& config() const = 0;
  virtual const ModelHyper& hyper() const = 0;
  virtual const Tokenizer& tokenizer() const = 0;
  virtual const ChatTemplate& chat_template() const = 0;
  virtual Device& device() const = 0;
  virtual size_t weight_bytes() const = 0;  // mapped and owned
  virtual size_t kv_bytes_per_token() const = 0;
  virtual std::vector<std::string> DispatchReport() const = 0;

  virtual Result<std::unique_ptr<KvSequence>> CreateSequence() = 0;
  /// A sequence for `prompt` that may hold its beginning already (never all of it): see PrefixCache.
  virtual Result<std::unique_ptr<KvSequence>> BeginSequence(std::span<const int32_t> /*prompt*/) {
    return CreateSequence();
  }

  /// Run one step over sequences of any lengths. On success every item's tokens are in its kv and *logits points to
  /// [rows, vocab] floats in host memory, rows in item order, valid until the next Forward.
  /// Errors: kInvalidArgument (token out of range, empty step, no tree, plain tokens after a tree, tokens after
  /// sketched ones), kResourceExhausted (context, memory, nodes of a tree); then no kv changed.
  virtual Status Forward(std::span<const ForwardItem> items, std::span<const float>* logits) = 0;
  /// As Forward with a part of the model alone. The tokens are then sketched in their kv (see KvSequence), unless the
  /// part is the whole. Earlier tokens are seen with the keys and values that were stored for them, whoever ran them:
  /// those of the whole model serve its parts. Also kInvalidArgument for sparsity that was not prepared, or coarse
  /// sparsity for a sequence whose first tokens ran before it was.
  virtual Status ForwardPart(std::span<const ForwardItem> items, const ModelPart& part, std::span<const float>* logits);
  /// Make ready for steps of a part; as Forward, no other step may run. For sparsity, weights are packed by neuron
  /// (see neuron_bytes), and for the coarse kind sequences that begin from now on ask the whole model about their
  /// neurons; prompts then begin with nothing from the prefix cache. Errors: kInvalidArgument for a part that is none
  /// of this model, kUnsupported where the device lacks the kernels, kResourceExhausted.
  virtual Status Prepare(const ModelPart& part);
  /// From now on add the gates of all dense feed-forward parts to `into`, which must outlive that; null: no longer. As
  /// Forward, no other step may run. Errors: kUnsupported where the device lacks the kernels of sparse parts.
  virtual Status WatchGates(GateMagnitudes* into);
  /// Memory of weights packed by neuron, beside weight_bytes.
  virtual size_t neuron_bytes() const { return 0; }
  /// Says whether two models are the same: sizes, and names, types and samples of all tensors. 0: not known.
  virtual uint64_t Fingerprint() const { return 0; }

  /// KvSequence::KeepPath for a sequence of this model; as Forward, no other step may run.
  virtual Status KeepPath(KvSequence& kv, std::span<const int32_t> path) = 0;
};

/// The file or folder for a model source: an existing path, or the cached file of a known name. Errors: kNotFound with
/// how to fetch it.
Result<std::string> ResolveModelSource(const std::string& source);

}  // namespace retort
