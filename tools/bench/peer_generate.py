"""Greedy decoding by llama.cpp or transformers: what tools/bench/speculation runs in a Python that has them.

Reads {"prompts": [[token, ...], ...], "end": token} as JSON from stdin, decodes one prompt after the other and prints
JSON: tokens, seconds, and of these the tokens and seconds until the first ones of each prompt were there; the last two
hold what the prompts cost. Loading and one short generation to warm up are left out.

With --render FILE it prints that input for the records of a JSONL file instead: their messages by the model's own chat
template, the tokens by llama.cpp.
"""
import argparse
import ctypes
import json
import os
import sys
import time
from collections.abc import Iterator

os.environ["HF_HUB_OFFLINE"] = "1"
WARM_UP = [504, 253, 260, 253]  # any tokens


def silent_llama(path: str, **settings):
    import llama_cpp

    silent_llama.callback = llama_cpp.llama_log_callback(lambda level, text, data: None)  # kept alive
    llama_cpp.llama_log_set(silent_llama.callback, ctypes.c_void_p(0))
    return llama_cpp.Llama(path, verbose=False, **settings)


def render(path: str, records: list[dict]) -> dict:
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    llama = silent_llama(path, vocab_only=True)
    template = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True).from_string(
        llama.metadata["tokenizer.chat_template"])
    prompts = []
    for record in records:
        raw = record.get("prompt")
        text = template.render(messages=record["messages"], add_generation_prompt=True) if raw is None else raw
        prompts.append(llama.tokenize(text.encode(), add_bos=raw is not None, special=True))
    return {"prompts": prompts, "end": llama.token_eos()}


class LlamaCpp:
    """The high-level API, which is the one that has a lookup decoding."""

    def __init__(self, path: str, threads: int, lookup: int, context: int):
        from llama_cpp.llama_speculative import LlamaPromptLookupDecoding

        draft = LlamaPromptLookupDecoding(num_pred_tokens=lookup) if lookup > 0 else None
        # Its buffer for logits has as many rows as logits_all or n_batch say, and lookup decoding fills all of them.
        self.llama = silent_llama(path, n_ctx=context, n_batch=context, n_ubatch=512, n_threads=threads,
                                  n_threads_batch=threads, draft_model=draft, logits_all=draft is not None)

    def generate(self, prompt: list[int], end: int, count: int) -> Iterator[int]:
        """How many tokens came at a time."""
        for i, token in enumerate(self.llama.generate(prompt, temp=0.0, top_k=1)):
            yield 1
            if token == end or i + 1 == count:
                return


class Transformers:
    """float32, from the file's own weights, dequantised."""

    def __init__(self, path: str, threads: int, lookup: int, context: int):
        import torch
        import transformers

        torch.set_num_threads(threads)
        folder, name = os.path.split(os.path.realpath(path))
        self.torch = torch
        self.streamer = transformers.generation.streamers.BaseStreamer
        self.model = transformers.AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=torch.float32).eval()
        self.more = {"prompt_lookup_num_tokens": lookup} if lookup > 0 else {}

    def generate(self, prompt: list[int], end: int, count: int) -> Iterator[int]:
        ids = self.torch.tensor([prompt])
        times: list[tuple[float, int]] = []

        class Clock(self.streamer):
            def put(self, value):
                times.append((time.perf_counter(), value.numel()))

            def end(self):
                pass

        with self.torch.inference_mode():
            self.model.generate(ids, attention_mask=self.torch.ones_like(ids), max_new_tokens=count, do_sample=False,
                                eos_token_id=end, pad_token_id=end, streamer=Clock(), **self.more)
        yield from times[1:]  # the first is the prompt


def measure(peer, prompts: list[list[int]], end: int, count: int) -> dict[str, float]:
    figures = dict.fromkeys(("tokens", "seconds", "first_tokens", "first_seconds"), 0.0)
    for _ in peer.generate(WARM_UP, end, 4):
        pass
    for prompt in prompts:
        begin = time.perf_counter()
        arrivals = []
        for arrival in peer.generate(prompt, end, count):
            arrivals.append(arrival if isinstance(arrival, tuple) else (time.perf_counter(), arrival))
        figures["tokens"] += sum(tokens for _, tokens in arrivals)
        figures["seconds"] += time.perf_counter() - begin
        figures["first_tokens"] += arrivals[0][1]
        figures["first_seconds"] += arrivals[0][0] - begin
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("peer", choices=("llama.cpp", "transformers"))
    parser.add_argument("model", help="a GGUF file")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--max-tokens", type=int, default=64)
    parser.add_argument("--lookup", type=int, default=0, help="drafted tokens; 0: plain decoding")
    parser.add_argument("--render", help="a JSONL file with records")
    args = parser.parse_args()
    if args.render:
        with open(args.render, encoding="utf-8") as lines:
            print(json.dumps(render(args.model, [json.loads(line) for line in lines])))
        return
    given = json.load(sys.stdin)
    context = max(map(len, given["prompts"])) + args.max_tokens + args.lookup + 8
    peer = {"llama.cpp": LlamaCpp, "transformers": Transformers}[args.peer](args.model, args.threads, args.lookup, context)
    print(json.dumps(measure(peer, given["prompts"], given["end"], args.max_tokens)))


if __name__ == "__main__":
    main()
