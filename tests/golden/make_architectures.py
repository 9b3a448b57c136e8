#!/usr/bin/env python3
"""Write tiny random models of every architecture and rope scaling, with the logits transformers computes in float32.

For each case OUT/<case> is a folder as Hugging Face's libraries save it (config.json, tokenizer.json, safetensors), and
for some OUT/<case>.gguf is the same model as a GGUF file, with the keys, names and row order of llama.cpp's converter.
OUT/architectures.json holds for each case the token ids, the logits at some positions, and a text with its ids as
`tokenizers` gives them.

Needs torch, transformers, tokenizers, safetensors and gguf. Example:
  python3 tests/golden/make_architectures.py --out tests/golden/architectures
"""
import argparse
import importlib.metadata
import json
import os
import pathlib
import shutil

os.environ["HF_HUB_OFFLINE"] = "1"

import gguf
import numpy as np
import torch
import transformers
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

TIKTOKEN = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|%s| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
CORPUS = ["the quick brown fox jumps over the lazy dog and then the other one is there in the end"] * 4
TEXT = "The fox's 3 jumps, then\n\n 2048 thin   things<|end|> don't sing"
SPECIAL = ["<|begin|>", "<|end|>"]

LLAMA3 = {"rope_type": "llama3", "rope_theta": 10000.0, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
          "original_max_position_embeddings": 64}
YARN = {"rope_type": "yarn", "rope_theta": 10000.0, "factor": 4.0, "original_max_position_embeddings": 64}
LINEAR = {"rope_type": "linear", "rope_theta": 10000.0, "factor": 4.0}
PLAIN = {"rope_type": "default", "rope_theta": 100000.0}

# name: (config class, pre-tokenizer, settings, weights' type, files, prompt's length, as GGUF too)
CASES = {
    "smollm": ("LlamaConfig", "smollm", {"rope_parameters": PLAIN, "tie_word_embeddings": True, "num_hidden_layers": 1}, "float32", 1, 40, False),
    "llama3": ("LlamaConfig", "llama-bpe", {"rope_parameters": LLAMA3, "tie_word_embeddings": False, "max_position_embeddings": 512}, "bfloat16", 1, 400, True),
    "llama-linear": ("LlamaConfig", "gpt2", {"rope_parameters": LINEAR, "tie_word_embeddings": True, "max_position_embeddings": 64}, "float16", 1, 200, True),
    "mistral": ("MistralConfig", "llama-bpe", {"rope_parameters": PLAIN, "sliding_window": 48, "tie_word_embeddings": False}, "bfloat16", 1, 48, False),
    "qwen2": ("Qwen2Config", "qwen2", {"rope_parameters": PLAIN, "tie_word_embeddings": True}, "bfloat16", 1, 40, False),
    "qwen2-yarn": ("Qwen2Config", "qwen2", {"rope_parameters": YARN, "tie_word_embeddings": True, "max_position_embeddings": 256}, "bfloat16", 1, 250, True),
    "qwen3": ("Qwen3Config", "qwen2", {"rope_parameters": PLAIN, "head_dim": 16, "tie_word_embeddings": True}, "bfloat16", 3, 40, True),
}


def make_tokenizer(pre):
    """Byte-level BPE over a few letters' worth of merges, cut into words as the family does."""
    tokenizer = Tokenizer(models.BPE(ignore_merges=pre == "llama-bpe"))
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=pre in ("smollm", "gpt2"))
    steps = {"smollm": [pre_tokenizers.Digits(individual_digits=True)], "gpt2": [],
             "llama-bpe": [pre_tokenizers.Split(Regex(TIKTOKEN % r"\p{N}{1,3}"), "isolated")],
             "qwen2": [pre_tokenizers.Split(Regex(TIKTOKEN % r"\p{N}"), "isolated")]}[pre]
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(steps + [byte_level]) if steps else byte_level
    letters = sorted({c for c, _ in pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False).pre_tokenize_str(TEXT + " ".join(CORPUS)) for c in c})
    trainer = trainers.BpeTrainer(vocab_size=96, special_tokens=SPECIAL[:1], initial_alphabet=letters, show_progress=False)
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.add_special_tokens(SPECIAL)
    tokenizer.add_tokens([AddedToken("sing", special=False, normalized=False)])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=True)
    if pre == "llama-bpe":
        begin = processors.TemplateProcessing(single="<|begin|> $A", pair="<|begin|> $A <|begin|> $B", special_tokens=[("<|begin|>", tokenizer.token_to_id("<|begin|>"))])
        tokenizer.post_processor = processors.Sequence([tokenizer.post_processor, begin])
    return tokenizer


def make_model(config, generator):
    """Weights drawn so that every part matters: sharp attention, norms and biases away from their neutral values."""
    model = transformers.AutoModelForCausalLM.from_config(config, attn_implementation="eager").eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            draw = torch.randn(parameter.shape, generator=generator)
            if name.endswith("norm.weight"):
                parameter.copy_(1 + 0.2 * draw)
            elif name.endswith("bias"):
                parameter.copy_(0.3 * draw)
            elif "embed_tokens" in name:
                parameter.copy_(0.5 * draw)
            else:
                parameter.copy_(draw * (2 if "q_proj" in name or "k_proj" in name else 1) / parameter.shape[-1] ** 0.5)
    return model


def permute(weight, heads):
    """The row order of llama's queries and keys in GGUF: pairs side by side in place of halves."""
    return weight.reshape(heads, 2, weight.shape[0] // heads // 2, *weight.shape[1:]).swapaxes(1, 2).reshape(weight.shape)


GGUF_NAMES = {"self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
              "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm", "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm",
              "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down"}


def gguf_name(name):
    whole = {"model.embed_tokens.weight": "token_embd.weight", "lm_head.weight": "output.weight", "model.norm.weight": "output_norm.weight"}
    if name in whole:
        return whole[name]
    _, _, layer, rest = name.split(".", 3)
    stem, ending = rest.rsplit(".", 1)
    return f"blk.{layer}.{GGUF_NAMES[stem]}.{ending}"


def write_gguf(path, model, tokenizer, pre):
    config, rope = model.config, model.config.rope_parameters
    arch = config.model_type
    out = gguf.GGUFWriter(path, arch)
    out.add_block_count(config.num_hidden_layers)
    out.add_embedding_length(config.hidden_size)
    out.add_feed_forward_length(config.intermediate_size)
    out.add_head_count(config.num_attention_heads)
    out.add_head_count_kv(config.num_key_value_heads)
    out.add_context_length(config.max_position_embeddings)
    out.add_layer_norm_rms_eps(config.rms_norm_eps)
    out.add_rope_freq_base(rope["rope_theta"])
    head_dim = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    out.add_key_length(head_dim)
    out.add_value_length(head_dim)
    if rope["rope_type"] in ("linear", "yarn"):
        out.add_rope_scaling_type(gguf.RopeScalingType(rope["rope_type"]))
        out.add_rope_scaling_factor(rope["factor"])
    if rope["rope_type"] == "yarn":
        out.add_rope_scaling_orig_ctx_len(rope["original_max_position_embeddings"])
    if rope["rope_type"] == "llama3":
        plain = 1 / rope["rope_theta"] ** (np.arange(0, head_dim, 2) / head_dim)
        out.add_tensor("rope_freqs.weight", (plain / model.model.rotary_emb.inv_freq.double().numpy()).astype(np.float32))
    vocabulary = sorted(tokenizer.get_vocab(), key=tokenizer.get_vocab().get)
    added = {token.content: 3 if token.special else 4 for token in tokenizer.get_added_tokens_decoder().values()}
    out.add_tokenizer_model("gpt2")
    out.add_tokenizer_pre(pre)
    out.add_token_list(vocabulary)
    out.add_token_types([added.get(token, 1) for token in vocabulary])
    out.add_token_merges([" ".join(merge) for merge in json.loads(tokenizer.to_str())["model"]["merges"]])
    out.add_bos_token_id(tokenizer.token_to_id(SPECIAL[0]))
    out.add_eos_token_id(tokenizer.token_to_id(SPECIAL[1]))
    for name, tensor in model.state_dict().items():
        if name == "lm_head.weight" and config.tie_word_embeddings:
            continue
        values = tensor.float().numpy()
        if arch == "llama" and ("q_proj" in name or "k_proj" in name):
            values = permute(values, config.num_attention_heads if "q_proj" in name else config.num_key_value_heads)
        out.add_tensor(gguf_name(name), values.astype(np.float32 if values.ndim == 1 else np.float16))
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()


@torch.inference_mode()
def make_case(folder, case, seed):
    kind, pre, settings, dtype, files, length, as_gguf = CASES[case]
    generator = torch.Generator().manual_seed(seed)
    tokenizer = make_tokenizer(pre)
    begin, end = (tokenizer.token_to_id(token) for token in SPECIAL)
    config = getattr(transformers, kind)(**{
        "vocab_size": tokenizer.get_vocab_size(), "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
        "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 128, "rms_norm_eps": 1e-5,
        "bos_token_id": begin, "eos_token_id": end, **settings})
    # Weights are rounded to what the files hold, for both formats: half floats where a GGUF is written too.
    model = make_model(config, generator)
    model = model.to(torch.float16).to(getattr(torch, dtype)) if as_gguf else model.to(getattr(torch, dtype))
    model = model.to(torch.float16).float() if as_gguf else model.float()
    target = folder / case
    shutil.rmtree(target, ignore_errors=True)
    stored = model.to(getattr(torch, dtype))
    stored.save_pretrained(target, max_shard_size="15KB" if files > 1 else "1GB")
    (target / "generation_config.json").unlink(missing_ok=True)
    tokenizer.save(str(target / "tokenizer.json"), pretty=False)
    names = {"bos_token": SPECIAL[0], "eos_token": SPECIAL[1], "tokenizer_class": "PreTrainedTokenizerFast"}
    (target / "tokenizer_config.json").write_text(json.dumps(names) + "\n")
    reference = transformers.AutoModelForCausalLM.from_pretrained(target, dtype=torch.float32, attn_implementation="eager").eval()
    tokens = torch.randint(0, config.vocab_size, (1, length), generator=generator)
    logits = reference(tokens).logits[0]
    positions = sorted({0, length // 4, length // 2, length - 2, length - 1})
    if as_gguf:
        write_gguf(folder / f"{case}.gguf", reference, tokenizer, pre)
    shards = len(list(target.glob("*.safetensors")))
    assert shards == 1 if files == 1 else shards > 1, shards
    print(f"{case}: logits of size {logits.std():.2f}, {sum(f.stat().st_size for f in target.iterdir())} bytes", flush=True)
    return {"name": case, "gguf": as_gguf, "tokens": tokens[0].tolist(), "positions": positions,
            "logits": [[float(f"{value:.7g}") for value in logits[position].tolist()] for position in positions],
            "text": TEXT, "text_tokens": tokenizer.encode(TEXT).ids}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True, type=pathlib.Path, help="folder")
    parser.add_argument("--seed", type=int, default=5, help="of weights and prompts [5]")
    args = parser.parse_args()
    torch.set_num_threads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    cases = [make_case(args.out, case, args.seed + index) for index, case in enumerate(CASES)]
    versions = {name: importlib.metadata.version(name) for name in ("transformers", "torch", "tokenizers", "safetensors", "gguf")}
    about = {"made_by": "tests/golden/make_architectures.py", "seed": args.seed, "versions": versions, "cases": cases}
    with open(args.out / "architectures.json", "w", encoding="utf-8", newline="\n") as out:
        json.dump(about, out, ensure_ascii=False, separators=(",", ":"))
        out.write("\n")


if __name__ == "__main__":
    main()
