#include <cmath>

#include "core/base/random.h"
#include "tests/support/gguf_builder.h"

namespace retort::testing {

std::string SpellByte(int byte) {
  const auto printable = [](int b) { return (b >= 0x21 && b <= 0x7E) || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE; };
  int code = byte;
  if (!printable(byte)) {
    code = 0x100;
    for (int b = 0; b < byte; ++b) code += printable(b) ? 0 : 1;
  }
  if (code < 0x80) return {static_cast<char>(code)};
  return {static_cast<char>(0xC0 | (code >> 6)), static_cast<char>(0x80 | (code & 0x3F))};
}

namespace {

struct Vocabulary {
  std::vector<std::string> tokens, merges;
  std::vector<int32_t> types;
  void Add(const std::string& text, int32_t type) {
    tokens.push_back(text);
    types.push_back(type);
  }
};

Vocabulary MakeVocabulary(int32_t size) {
  constexpr int32_t kNormal = 1, kControl = 3, kUnused = 5;
  Vocabulary v;
  for (const char* special : {"<|endoftext|>", "<|im_start|>", "<|im_end|>"}) v.Add(special, kControl);
  for (int byte = 0; byte < 256; ++byte) v.Add(SpellByte(byte), kNormal);
  const std::string space = SpellByte(' ');
  const std::pair<std::string, std::string> merges[] = {
      {"t", "h"},     {"th", "e"}, {space, "the"}, {"i", "n"},   {"a", "n"}, {"an", "d"},
      {space, "and"}, {"o", "r"},  {"e", "r"},     {"o", "n"},   {"i", "s"}, {space, "is"},
      {space, "a"},   {"in", "g"}, {"r", "e"},     {space, "w"}, {"o", "u"}};
  for (const auto& [left, right] : merges) {
    v.merges.push_back(left + " " + right);
    v.Add(left + right, kNormal);
  }
  while (static_cast<int32_t>(v.tokens.size()) < size)
    v.Add("<unused" + std::to_string(v.tokens.size()) + ">", kUnused);
  return v;
}

constexpr char kChatMl[] =
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\nYou "
    "are a "
    "helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n' }}{% endif %}{{'<|im_start|>' + "
    "message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ "
    "'<|im_start|>assistant\n' }}{% endif %}";

class RandomTensors {
 public:
  RandomTensors(GgufBuilder& out, uint64_t seed) : out_(out), seed_(seed) {}

  /// Uniform with the standard deviation `deviation` around `mean`.
  void Add(const std::string& name, DType type, std::vector<int64_t> shape, double mean, double deviation) {
    int64_t count = 1;
    for (const int64_t size : shape) count *= size;
    std::vector<float> values(static_cast<size_t>(count));
    RandomKey key{seed_, HashName(name), 0, 0, 0};
    for (float& value : values) {
      value = static_cast<float>(mean + (RandomUniform(key) * 2 - 1) * std::sqrt(3.0) * deviation);
      ++key.position;
    }
    out_.Tensor(name, type, std::move(shape), values);
  }
  /// [n, k] such that inputs of size one give outputs of size `gain`.
  void Matrix(const std::string& name, DType type, int64_t n, int64_t k, double gain = 1) {
    Add(name, type, {k, n}, 0, gain / std::sqrt(static_cast<double>(k)));
  }

 private:
  GgufBuilder& out_;
  uint64_t seed_;
};

}  // namespace

GgufBuilder MakeTinyModel(const TinyModel& m) {
  GgufBuilder out;
  const Vocabulary vocabulary = MakeVocabulary(m.vocab);
  const auto vocab = static_cast<int64_t>(vocabulary.tokens.size());
  const auto number = [](int32_t value) { return static_cast<uint32_t>(value); };
  const std::string a = m.architecture + ".";
  out.Set("general.architecture", m.architecture).Set("general.name", std::string("tiny"));
  out.Set(a + "block_count", number(m.layers)).Set(a + "embedding_length", number(m.hidden));
  out.Set(a + "feed_forward_length", number(m.ffn)).Set(a + "context_length", number(m.context_length));
  out.Set(a + "attention.head_count", number(m.heads)).Set(a + "attention.head_count_kv", number(m.kv_heads));
  out.Set(a + "attention.layer_norm_rms_epsilon", 1e-5f).Set(a + "rope.freq_base", 10000.0f);
  out.Set("tokenizer.ggml.model", std::string("gpt2"));
  out.Set("tokenizer.ggml.pre", std::string(m.architecture == "llama" ? "smollm" : "qwen2"));
  out.Set("tokenizer.ggml.tokens", vocabulary.tokens).Set("tokenizer.ggml.token_type", vocabulary.types);
  out.Set("tokenizer.ggml.merges", vocabulary.merges).Set("tokenizer.ggml.add_bos_token", false);
  out.Set("tokenizer.ggml.bos_token_id", uint32_t{1}).Set("tokenizer.ggml.eos_token_id", uint32_t{0});
  out.Set("tokenizer.chat_template", std::string(kChatMl));

  RandomTensors add(out, m.seed);
  const int64_t head = m.hidden / m.heads, kv = head * m.kv_heads;
  add.Add("token_embd.weight", m.type, {m.hidden, vocab}, 0, m.tied ? 0.3 : 1);
  if (!m.tied) add.Matrix("output.weight", m.type, vocab, m.hidden, 3);
  add.Add("output_norm.weight", DType::kF32, {m.hidden}, 1, 0.1);
  for (int32_t layer = 0; layer < m.layers; ++layer) {
    const std::string p = "blk." + std::to_string(layer) + ".";
    add.Add(p + "attn_norm.weight", DType::kF32, {m.hidden}, 1, 0.1);
    add.Matrix(p + "attn_q.weight", m.type, m.hidden, m.hidden, 2);
    add.Matrix(p + "attn_k.weight", m.type, kv, m.hidden, 2);
    add.Matrix(p + "attn_v.weight", m.type, kv, m.hidden);
    add.Matrix(p + "attn_output.weight", m.type, m.hidden, m.hidden);
    if (m.architecture == "qwen2") {
      add.Add(p + "attn_q.bias", DType::kF32, {m.hidden}, 0, 0.3);
      add.Add(p + "attn_k.bias", DType::kF32, {kv}, 0, 0.3);
      add.Add(p + "attn_v.bias", DType::kF32, {kv}, 0, 0.3);
    }
    if (m.architecture == "qwen3") {
      add.Add(p + "attn_q_norm.weight", DType::kF32, {head}, 1, 0.3);
      add.Add(p + "attn_k_norm.weight", DType::kF32, {head}, 1, 0.3);
    }
    add.Add(p + "ffn_norm.weight", DType::kF32, {m.hidden}, 1, 0.1);
    add.Matrix(p + "ffn_gate.weight", m.type, m.ffn, m.hidden, 2);
    add.Matrix(p + "ffn_up.weight", m.type, m.ffn, m.hidden);
    add.Matrix(p + "ffn_down.weight", m.type, m.hidden, m.ffn);
  }
  return out;
}

}  // namespace retort::testing
