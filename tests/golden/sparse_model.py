"""A model of transformers whose feed-forward parts can leave neurons out, simulated by dense products.

Source: Zhou et al., Sirius, arXiv 2409.03856, whose code calls the kinds CSparse and FSparse; the statistic of CSparse is
that of Dong et al., GRIFFIN, arXiv 2404.01365.
"""
import os
import pathlib

os.environ["HF_HUB_OFFLINE"] = "1"

import torch
from transformers import AutoModelForCausalLM


def kept_count(neurons: int, density: float) -> int:
    """Of both kinds. (The code of FSparse drops int(neurons * (1 - density)), which can keep one more.)"""
    return int(neurons * density)


def best(scores: torch.Tensor, count: int) -> torch.Tensor:
    """Where the `count` highest values of the last dimension are, as a mask; of equal ones the first."""
    order = scores.sort(dim=-1, descending=True, stable=True).indices[..., :count]
    return torch.zeros_like(scores, dtype=torch.bool).scatter(-1, order, True)


class SparseMlp(torch.nn.Module):
    """In place of a layer's `mlp`. Without `ways` it is dense and gathers the statistic of a prompt; with them, each
    sequence of the batch has one: a kind (coarse or fine) and how many neurons it keeps."""

    def __init__(self, dense):
        super().__init__()
        self.gate, self.up, self.down = dense.gate_proj, dense.up_proj, dense.down_proj
        self.neurons = self.gate.out_features
        self.ways = []
        self.squares = torch.zeros(self.neurons, dtype=torch.float64)  # the statistic's: the last prompt's
        self.gathering = False

    def forward(self, x):
        """[sequences, tokens, hidden] -> the same; one token where there are `ways`. Leaves in `scores` what the neurons
        of each sequence were chosen by."""
        gate = torch.nn.functional.silu(self.gate(x))
        inner = gate * self.up(x)
        if self.gathering:
            self.squares = (inner.double() / inner.double().norm(dim=-1, keepdim=True)).square().sum(dim=(0, 1))
        if self.ways:
            self.scores = [self.squares.sqrt() if kind == "coarse" else row[0].abs()
                           for (kind, _), row in zip(self.ways, gate)]
            masks = [best(scores, count) for scores, (_, count) in zip(self.scores, self.ways)]
            inner = inner * torch.stack(masks)[:, None]
        return self.down(inner)


class DoubleNorm(torch.nn.Module):
    """In place of an RMS norm of transformers, which computes in float32 whatever comes."""

    def __init__(self, single):
        super().__init__()
        self.weight, self.epsilon = single.weight, single.variance_epsilon

    def forward(self, x):
        return torch.nn.functional.rms_norm(x, self.weight.shape, self.weight, self.epsilon)


class DoubleRotation(torch.nn.Module):
    """In place of the rotary embedding of transformers, whose frequencies and angles are float32. No scaling."""

    def __init__(self, config):
        super().__init__()
        assert config.rope_parameters["rope_type"] == "default", config.rope_parameters
        dims = torch.arange(0, config.head_dim, 2, dtype=torch.float64) / config.head_dim
        self.frequencies = config.rope_parameters["rope_theta"] ** -dims

    def forward(self, x, position_ids):
        angles = position_ids[..., None] * self.frequencies
        angles = torch.cat((angles, angles), dim=-1)
        return angles.cos(), angles.sin()


def compute_in_double(model):
    """Make a llama of transformers compute in float64 throughout. Its attention must be `sdpa`: `eager` has a softmax in
    float32."""
    model.double()
    body = model.model
    body.norm, body.rotary_emb = DoubleNorm(body.norm), DoubleRotation(model.config)
    for layer in body.layers:
        layer.input_layernorm = DoubleNorm(layer.input_layernorm)
        layer.post_attention_layernorm = DoubleNorm(layer.post_attention_layernorm)


class SparseModel:
    """The model of a GGUF file, its weights dequantised, in float64 or, with `single`, in float32. One sequence, or
    several of the same length."""

    def __init__(self, path: str, threads: int, single: bool = False):
        torch.set_num_threads(threads)
        file = pathlib.Path(path).resolve()
        self.model = AutoModelForCausalLM.from_pretrained(
            str(file.parent), gguf_file=file.name, dtype=torch.float32,
            attn_implementation="eager" if single else "sdpa").eval()
        if not single:
            compute_in_double(self.model)
        self.end = self.model.config.eos_token_id
        self.parts = []
        for layer in self.model.model.layers:
            layer.mlp = SparseMlp(layer.mlp)
            self.parts.append(layer.mlp)
        self.cache = None

    def start(self, prompt: list[int]) -> torch.Tensor:
        """Begin one sequence: run its prompt by the full model. Returns the logits after its last token."""
        self.cache = None
        return self._step([prompt], [], gathering=True)[0, -1]

    def repeat(self, count: int):
        """Go on with `count` copies of the sequence."""
        self.cache.batch_repeat_interleave(count)

    def full(self, tokens: list[int]) -> torch.Tensor:
        """Run tokens of one sequence by the full model. Returns the logits after each."""
        return self._step([tokens], [])[0]

    def sparse(self, tokens: list[int], settings: list[tuple[str, float]]) -> torch.Tensor:
        """Run a token of each sequence by the sparse model of its kind and density. Returns the logits of each."""
        return self._step([[token] for token in tokens], settings)[:, -1]

    def cut(self, tokens: int):
        """Keep the keys and values of the first `tokens` tokens."""
        surplus = self.cache.get_seq_length() - tokens
        if surplus > 0:
            self.cache.crop(-surplus)

    @torch.inference_mode()
    def _step(self, tokens, settings, gathering=False):
        for part in self.parts:
            part.ways = [(kind, kept_count(part.neurons, density)) for kind, density in settings]
            part.gathering = gathering
        step = self.model(torch.tensor(tokens), past_key_values=self.cache, use_cache=True)
        self.cache = step.past_key_values
        return step.logits
