"""The loop of Sirius with one beam, as plain as can be: what the code of arXiv 2409.03856 does in `greedy_search`."""
import math

TEMPERATURE = 0.6  # of the check; fixed in that code


def margin(logits):
    """How far the best is ahead of the second."""
    two = logits.topk(2).values
    return float(two[0] - two[1])


def sirius(model, prompt, kind, density, period, threshold, least):
    """Decode until `least` tokens or more are there, or the full model ends the text.

    A check runs the full model over `period` tokens: the one that it chose itself before and period - 1 of the sparse
    model. Each has for its fate a place in `checks`: `kept`, how many of the period stand (the full model's own among
    them); `next`, the full model's token after them; `margin`, by how much the narrowest choice was made: between the
    two best logits of a step, or between a logarithm of a likelihood and that of the threshold. Where it is small, a
    correct program may go another way.

    Returns (tokens, checks, ends): `ends` is how often the sparse model wanted to end the text, which it may not; its
    second choice is taken.
    """
    logits = model.start(prompt)
    token = int(logits.argmax())
    tokens, checks, ends, narrow = [token], [], 0, margin(logits)
    while len(tokens) < least and token != model.end:
        begin = len(prompt) + len(tokens) - 1  # tokens with keys and values of the full model
        chunk, margins = [token], []
        while len(chunk) < period:
            logits = model.sparse(chunk[-1:], [(kind, density)])[0].clone()
            ends += int(logits.argmax()) == model.end
            logits[model.end] = -math.inf
            chunk.append(int(logits.argmax()))
            margins.append(margin(logits))
        model.cut(begin)
        logits = model.full(chunk)
        likelihoods = (logits[:-1] / TEMPERATURE).log_softmax(dim=-1)
        accepted = 0
        while accepted < period - 1:
            distance = float(likelihoods[accepted, chunk[accepted + 1]]) - math.log(threshold)
            narrow = min(narrow, margins[accepted], abs(distance))
            if distance < 0:
                break
            accepted += 1
        kept = accepted + 1
        model.cut(begin + kept)
        token = int(logits[accepted].argmax())
        tokens += chunk[1:kept] + [token]
        checks.append({"kept": kept, "next": token, "margin": round(min(narrow, margin(logits[accepted])), 4)})
        narrow = math.inf
    return tokens, checks, ends


def figures(checks, period, step_density):
    """AAL with and without the last check, which the published figure leaves out, and the effective density of each."""
    kept = [check["kept"] for check in checks]
    result = {}
    for name, counted in (("", kept), ("_without_last", kept[:-1])):
        if counted:
            aal = sum(counted) / len(counted)
            result["aal" + name] = aal
            result["effective_density" + name] = ((period - 1) * step_density + 1) / aal
    return result
