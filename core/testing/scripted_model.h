// A model given by a function from tokens to logits, so that tests of decoding are exact and need no weights.
// Everything around it is real: the tokens of a sequence lie in pages of a real KV cache, so that truncate, fork and
// "the same text twice" behave as with any model. Token i reads as the i-th character of the alphabet; the last token
// ends the text.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/model/model.h"

namespace retort::testing {

struct ScriptedModelOptions {
  std::string name = "scripted";
  std::string alphabet = "abcdefghijklmnopqrstuvwxyz ";  // ASCII; the vocabulary is one longer
  int32_t context_length = 256;
};

class ScriptedModel final : public Model {
 public:
  /// Logits [vocab] for the token that follows `tokens` (the whole sequence, never empty).
  using Script = std::function<std::vector<float>(std::span<const int32_t> tokens)>;

  ScriptedModel(Script script, ScriptedModelOptions options = {});

  /// The logits of a model that is certain: `next` has 10, every other token 0.
  std::vector<float> Certain(int32_t next) const;
  int32_t vocab() const { return hyper_.vocab; }
  int32_t eos() const { return hyper_.vocab - 1; }
  /// Steps run, and tokens appended in them.
  int steps() const { return steps_; }
  size_t tokens_run() const { return tokens_run_; }
  /// The next `count` steps fail with kResourceExhausted.
  void FailSteps(int count) { failing_steps_ = count; }
  /// Pages of sequences that still live.
  size_t pages_in_use() const { return pool_->pages_in_use(); }

  const ModelConfig& config() const override { return config_; }
  const ModelHyper& hyper() const override { return hyper_; }
  const Tokenizer& tokenizer() const override { return *tokenizer_; }
  const ChatTemplate& chat_template() const override { return chat_template_; }
  Device& device() const override { return *device_; }
  size_t weight_bytes() const override { return 0; }
  size_t kv_bytes_per_token() const override { return pool_->layout().page_bytes() / kKvPageTokens; }
  std::vector<std::string> DispatchReport() const override { return {}; }
  Result<std::unique_ptr<KvSequence>> CreateSequence() override { return std::make_unique<KvSequence>(pool_); }
  Status Forward(std::span<const ForwardItem> items, std::span<const float>* logits) override;
  Status KeepPath(KvSequence& kv, std::span<const int32_t> path) override { return kv.KeepPath(path, *ops_, *stream_); }

 private:
  Script script_;
  ModelConfig config_;
  ModelHyper hyper_;
  ChatTemplate chat_template_;
  std::unique_ptr<Tokenizer> tokenizer_;
  std::shared_ptr<Device> device_;
  std::unique_ptr<OpSet> ops_;
  std::unique_ptr<Stream> stream_;
  std::shared_ptr<KvPagePool> pool_;
  std::vector<float> logits_;
  int steps_ = 0, failing_steps_ = 0;
  size_t tokens_run_ = 0;
};

/// A model that knows the alphabet: each character is followed by the next one, the last one by the end.
std::shared_ptr<ScriptedModel> AlphabetModel(ScriptedModelOptions options = {});

}  // namespace retort::testing
