"""Prompts for make_logits.py: (name, text, token limit or None). Special tokens are recognised in the text."""

ESSAY = """The lighthouse at the end of the northern pier was built in 1874, after three ships had been lost in a single winter. \
Its first keeper, a retired schoolteacher named Agnes Holloway, wrote down the weather every morning and every evening for \
twenty-six years. Her notebooks, forty-one of them, survive in the town library, and they are more than a record of wind \
and rain. She noticed, for instance, that the herring came later each spring, and that the ice in the harbour, which used to \
hold until the end of March, broke up in its first week by the time she retired. Nobody asked her to look for such things. \
She looked because she was there, because the lamp needed her only at certain hours, and because, as she put it, "a page \
with nothing on it is a reproach".

What makes the notebooks useful today is not that they are exact. Her thermometer was read by lamplight, and more than once \
she admits to having guessed. It is that she was consistent. The same person stood in the same place at the same hour and \
wrote the same seven things: the wind, the sky, the sea, the temperature, the ships that passed, the birds, and what she \
called "the rest". Statisticians who worked on the notebooks found that her errors hardly changed over the years, and that \
an error which does not change can be taken away. Once that was done, the curve of spring temperatures she left behind \
agreed with the one from the observatory, sixty kilometres inland, to within half a degree.

There is a lesson in this for anyone who measures something, and these days almost everybody does. We tend to believe that \
a better instrument gives better knowledge, and we replace our instruments often. Each time we do, the old numbers and the \
new ones stop being comparable, and we begin again with a shorter history. A poor instrument that stays where it is, used \
in the same way by someone who cares, can in the end say more than a fine one that has been moved. It follows that the \
first question to ask about a series of measurements is not how precise they are but what changed while they were made: \
the place, the hour, the device, the person, the reason.

The library has now scanned all of the notebooks, and volunteers are typing them out, a page at a time. They have reached \
1889. In the margin of a page from that autumn, next to a list of eleven ships and a note about fog, Agnes Holloway had \
drawn a small bird, and under it, in pencil, the words: not seen before."""

CODE = '''import heapq


def shortest_paths(graph, source):
    """Dijkstra's algorithm. `graph` maps a node to a dict of neighbour -> weight."""
    distance = {source: 0}
    queue = [(0, source)]
    while queue:
        d, node = heapq.heappop(queue)
        if d > distance[node]:
            continue
        for neighbour, weight in graph[node].items():
            candidate = d + weight
            if candidate < distance.get(neighbour, float("inf")):
                distance[neighbour] = candidate
                heapq.heappush(queue, (candidate, neighbour))
    return distance


def test_shortest_paths():
    graph = {"a": {"b": 1, "c": 4}, "b": {"c": 2}, "c": {}}
'''


def chat(*turns, system="You are a helpful AI assistant named SmolLM, trained by Hugging Face"):
    text = f"<|im_start|>system\n{system}<|im_end|>\n"
    for role, content in turns:
        text += f"<|im_start|>{role}\n{content}<|im_end|>\n"
    return text + "<|im_start|>assistant\n"


PROMPTS = [
    ("one token", "The", None),
    ("end of text alone", "<|endoftext|>", None),
    ("two tokens", "Once upon", None),
    ("number", "3.14159", None),
    ("short sentence", "The capital of France is", None),
    ("counting", "1, 2, 3, 4, 5, 6, 7,", None),
    ("alphabet", "a b c d e f g h i j k l m n", None),
    ("question", "Q: Why is the sky blue?\nA:", None),
    ("list", "Shopping list:\n- apples\n- bread\n- two litres of milk\n-", None),
    ("repetition", "to be or not to be, to be or not to be, to be or not to", None),
    ("french", "Il était une fois, dans un petit village au bord de la mer,", None),
    ("emoji and symbols", "Weather today: ☀️ 21 °C → 🌧️ 14 °C. Bring an ☂️ and", None),
    ("json", '{"name": "Ada Lovelace", "born": 1815, "fields": ["mathematics", "computing"], "died":', None),
    ("sql", "SELECT customer_id, SUM(amount) AS total\nFROM orders\nWHERE created_at >= '2024-01-01'\nGROUP BY", None),
    ("c++", "#include <vector>\n\nint Sum(const std::vector<int>& values) {\n  int sum = 0;\n  for (int v : values) {", None),
    ("chat, arithmetic", chat(("user", "What is 17 + 25?")), None),
    ("chat, haiku", chat(("user", "Write a haiku about the sea.")), None),
    ("chat, own system", chat(("user", "Who are you?"), system="You are a pirate. Answer like one."), None),
    ("chat, two turns", chat(("user", "Name three primary colours."), ("assistant", "Red, yellow and blue."), ("user", "Now name three animals of these colours.")), None),
    ("code", CODE, None),
    ("chat, code edit", chat(("user", "Rename the variable `d` to `total` in this code:\n```python\n" + CODE + "```")), None),
    ("chat, summary", chat(("user", "Summarise this in two sentences:\n\n" + ESSAY)), None),
    ("prose, 64", ESSAY, 64),
    ("prose, 127", ESSAY, 127),
    ("prose, 256", ESSAY, 256),
    ("prose, 512", ESSAY, 512),
]
