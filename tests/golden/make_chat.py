#!/usr/bin/env python3
"""Write the prompts that transformers' apply_chat_template gives for lists of messages.

The templates are the model's own (from the GGUF file) and those in chat/, one of each kind that Retort recognises.
What stands for the begin-of-sequence token is cut off the front, since Retort adds it when it encodes.

Output: a JSON object; `templates` holds for each one its text and the cases: messages, and the prompt or null where the
template refuses them.

Needs transformers and gguf. Example:
  python3 tests/golden/make_chat.py "$(tools/get-model smollm2-135m-instruct)" --out tests/golden/chat.json
"""
import argparse
import importlib.metadata
import json
import pathlib

import gguf
import jinja2
from tokenizers import Tokenizer, models
from transformers import PreTrainedTokenizerFast

BOS = "<begin>"


def turns(*pairs):
    return [{"role": role, "content": content} for role, content in pairs]


CASES = [
    turns(("user", "Hello")),
    turns(("system", "You answer in one word."), ("user", "What is the capital of France?")),
    turns(("user", "Hi"), ("assistant", "Hello! How can I help?"), ("user", "Tell me a joke.")),
    turns(("system", "Be brief."), ("user", "One"), ("assistant", "Two"), ("user", "Three"), ("assistant", "Four"), ("user", "Five")),
    turns(("user", "  spaces around \n\n")),
    turns(("system", "\n trimmed? \t"), ("user", " a "), ("assistant", " b\u00a0"), ("user", "\u3000c\u2003")),
    turns(("user", "")),
    turns(("system", ""), ("user", "no system text")),
    turns(("user", "quotes ' \" and \\n and {{ braces }} {% if %}"), ("assistant", "<|im_end|> [/INST] </s>"), ("user", "x")),
    turns(("user", "Grüße, 世界! 👩‍🚀")),
    turns(("user", "line one\nline two\r\n\tline three")),
    turns(("user", "one"), ("user", "two")),
    turns(("assistant", "I speak first")),
    turns(("user", "a"), ("assistant", "the last word")),
    turns(("user", "a"), ("system", "late"), ("user", "b")),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="GGUF file")
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    folder = pathlib.Path(__file__).resolve().parent / "chat"
    texts = {path.stem: path.read_text().rstrip("\n") for path in sorted(folder.glob("*.jinja"))}
    texts["smollm2"] = gguf.GGUFReader(args.model).fields["tokenizer.chat_template"].contents()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.BPE()), bos_token=BOS, eos_token="</s>")
    templates = []
    for name, text in texts.items():
        cases = []
        for messages in CASES:
            try:
                prompt = tokenizer.apply_chat_template(messages, chat_template=text, tokenize=False, add_generation_prompt=True)
            except jinja2.TemplateError:
                prompt = None
            cases.append({"messages": messages, "prompt": prompt.removeprefix(BOS) if prompt is not None else None})
        templates.append({"name": name, "jinja": text, "cases": cases})
    versions = {name: importlib.metadata.version(name) for name in ("transformers", "jinja2", "gguf")}
    made = {"made_by": "tests/golden/make_chat.py", "versions": versions, "templates": templates}
    with open(args.out, "w", encoding="utf-8", newline="\n") as out:
        json.dump(made, out, ensure_ascii=False, indent=1)
        out.write("\n")
    print(f"{len(templates)} templates, {len(CASES)} lists of messages each; {json.dumps(versions)}")


if __name__ == "__main__":
    main()
