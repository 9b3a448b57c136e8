"""Strings made from a seed that reach into the corners of a byte-level BPE tokenizer. Used by make_tokens.py."""
import random

# First and last code point of some runs of letters and marks, over all writing systems that people are likely to use
# and a good many that they are not.
SCRIPTS = [
    (0x41, 0x5A), (0x61, 0x7A), (0xC0, 0x17F), (0x180, 0x24F), (0x250, 0x2AF), (0x300, 0x36F), (0x370, 0x3FF),
    (0x400, 0x4FF), (0x531, 0x586), (0x591, 0x5F4), (0x600, 0x6FF), (0x700, 0x74F), (0x780, 0x7B1), (0x7C0, 0x7FA),
    (0x900, 0x97F), (0x980, 0x9FE), (0xA01, 0xA76), (0xA81, 0xAFF), (0xB01, 0xB77), (0xB82, 0xBFA), (0xC00, 0xC7F),
    (0xC80, 0xCF2), (0xD00, 0xD7F), (0xD81, 0xDF4), (0xE01, 0xE5B), (0xE81, 0xEDF), (0xF00, 0xFDA), (0x1000, 0x109F),
    (0x10A0, 0x10FF), (0x1100, 0x11FF), (0x1200, 0x139F), (0x13A0, 0x13FD), (0x1401, 0x167F), (0x1680, 0x169C),
    (0x16A0, 0x16F8), (0x1700, 0x1714), (0x1780, 0x17F9), (0x1800, 0x18AA), (0x1900, 0x194F), (0x1A00, 0x1A1F),
    (0x1B00, 0x1B7E), (0x1C00, 0x1C7F), (0x1E00, 0x1EFF), (0x1F00, 0x1FFE), (0x2C00, 0x2C5F), (0x2D30, 0x2D7F),
    (0x3041, 0x3096), (0x30A0, 0x30FF), (0x3105, 0x312F), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xA000, 0xA48C),
    (0xA4D0, 0xA4FF), (0xA840, 0xA877), (0xAC00, 0xD7A3), (0xF900, 0xFAFF), (0xFB1D, 0xFDFF), (0xFF21, 0xFF5A),
    (0x10000, 0x100FA), (0x10330, 0x1034A), (0x10400, 0x1044F), (0x12000, 0x12399), (0x13000, 0x1342E),
    (0x1D400, 0x1D7CB), (0x1E900, 0x1E959), (0x20000, 0x2A6DF), (0x30000, 0x3134A)]
SPACES = [0x9, 0xA, 0xB, 0xC, 0xD, 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F,
          0x3000]
NEAR_SPACES = [0x180E, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0x1C, 0x1D, 0x1E, 0x1F, 0xAD, 0x3164, 0x2800]
NUMBERS = [(0x30, 0x39), (0xB2, 0xB3), (0xBC, 0xBE), (0x660, 0x669), (0x6F0, 0x6F9), (0x966, 0x96F), (0xBF0, 0xBF2),
           (0xE50, 0xE59), (0x2070, 0x2079), (0x2150, 0x2189), (0x2460, 0x249B), (0x3007, 0x3007), (0x3021, 0x3029),
           (0xFF10, 0xFF19), (0x10107, 0x10133), (0x1D7CE, 0x1D7FF), (0x1F100, 0x1F10C)]
CONTROLS = [*range(0x20), 0x7F, *range(0x80, 0xA0), *NEAR_SPACES, *range(0x200E, 0x2010), *range(0x202A, 0x202F),
            *range(0x2061, 0x2070), *range(0xFFF9, 0xFFFE), 0xFFFE, 0xFFFF, 0xE000, 0xF8FF, 0xE0001, 0xE0041, 0xE01EF,
            0xF0000, 0x10FFFD, 0x10FFFF, 0x40000, 0x7FFFF, 0x80000, 0xBFFFF, 0xC0000]
EMOJI = ["😀", "😂", "🥰", "👍", "👍🏽", "🤦🏿‍♂️", "👩‍👩‍👧‍👦", "👨🏻‍🚀", "🏳️‍🌈", "🏴‍☠️", "🇩🇪", "🇯🇵🇺🇳", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "1️⃣", "#️⃣", "❤️", "❤️‍🔥", "☎",
         "☎️", "✂︎", "🧑‍🤝‍🧑", "🫠", "🪿", "🫨", "🐦‍⬛", "🧔🏼‍♀️", "©️", "™", "⏏️", "🅰️", "㊗️", "🀄", "🃏", "👁️‍🗨️"]
SYMBOLS = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~¡§«»¿×÷€£¥₿–—‘’“”…†•‰′″‹›⁂←→↔∀∂∈∑−∞≈≠≤⊂⌘─│█▒■▲◆☃♞♫✓✗⟨⟩、。「」・！？～"
MARKERS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<repo_name>", "<reponame>", "<file_sep>", "<filename>",
           "<gh_stars>", "<issue_start>", "<issue_comment>", "<issue_closed>", "<jupyter_start>", "<jupyter_text>",
           "<jupyter_code>", "<jupyter_output>", "<jupyter_script>", "<empty_output>"]
NEAR_MARKERS = ["<|im_start", "im_start|>", "<|im_start|", "|im_end|>", "<|IM_END|>", "< |im_end|>", "<|im_<|im_end|>",
                "<repo_name", "<|endoftext|", "<<|im_end|>>", "<|", "|>", "<s>", "</s>", "[INST]", "<|eot_id|>"]
CONTRACTIONS = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d", "'S", "'RE", "'LL", "'ſ", "’s", "’ll", "''s", "' s", "'", "'x"]
WORDS = """the of and to in a is that for it as was with be by on not he his but at are this have from or had an they
which one you were all her she there would their we him been has when who will no more if out so up said what its about
than into them can only other time new some could these two may first then do any like my now over such our man me even
most made after also did many before must through back years where much your way well down should because each just those
people how too little state good very make world still own see men work long here get both between life being under three
never know same last another while us off might great go come since against right came take used himself few house use
during without again place American around however home small found thought went say part once general high upon school
every does got united left number course war until always away something fact though water less public put think almost
hand enough far took head yet government system better set told nothing night end why called eyes find going look asked
later knew point next program city business give group toward young days let room word side social given present several
order national possible rather second face per among form important often things looked early white case John become large
big need four within felt along children saw best church ever least power development light thing seemed family interest
want members mind country area others turned although done open God service certain kind different problem began door thus
help sense means whole matter antidisestablishmentarianism Donaudampfschifffahrt internationalization pneumonoultramicroscopic
hippopotamus quizzical zephyr rhythm JavaScript PostgreSQL IPv6 iPhone eBay McDonald O'Neill café naïve Zürich São façade
""".split()
CODE = ["def {w}({w}, *args, **kw):\n    return {w}[{n}:{n}]\n", "for (int i = 0; i < {n}; ++i) {{\n\t{w}[i] += {w}->{w};\n}}\n",
        "#include <{w}.h>\n#define {W} 0x{n}f\n", "if ({w} != nullptr && !{w}.empty()) {{ return {w}::{W}(); }}", "// {w}: {w} {w}\r\n",
        "SELECT {w}, COUNT(*) FROM {w} WHERE {w} >= {n}.{n} GROUP BY 1;", "<div class=\"{w}-{w}\">\n  <p>{w}&nbsp;{n}</p>\n</div>",
        "{{\"{w}\": [{n}, -{n}.{n}e-{n}, null], \"{W}\": true}}", "$ {w} --{w}={n} -x '{w}' | grep -E '^{w}+$' > /dev/null 2>&1",
        "        let mut {w}: Vec<&'a str> = vec![];\n\n\n", "{w} = lambda x: x**{n} if x else {w} # {w}\n", "\\frac{{{w}}}{{{n}}} \\leq \\sum_{{i={n}}}^{{\\infty}} {w}_i",
        "https://{w}.example.org:{n}/{w}/{w}?{w}={n}&x=%20#{w}", "{w}@{w}.example", "{n}-{n}-{n}T{n}:{n}:{n}Z", "\t\t{W}_{W} = {w}.{w}({n}) ?? {n};"]


class Maker:
    def __init__(self, seed):
        self.r = random.Random(seed)

    def chars(self, low, high, count):
        return "".join(chr(self.r.randint(low, high)) for _ in range(count))

    def pick(self, items, low, high, join=""):
        return join.join(self.r.choice(items) for _ in range(self.r.randint(low, high)))

    def codes(self, codes, low, high):
        return "".join(chr(self.r.choice(codes)) for _ in range(self.r.randint(low, high)))

    def script(self):
        low, high = self.r.choice(SCRIPTS)
        gaps = [" ", " ", "  ", ", ", ". ", "-", "\n", "'", "", chr(self.r.choice(SPACES))]
        words = []
        for _ in range(self.r.randint(1, 3)):
            words += [self.chars(low, high, self.r.randint(1, 8)), self.r.choice(gaps)]
        return "".join(words)

    def emoji(self):
        return "".join(self.r.choice([self.r.choice(EMOJI), self.r.choice(EMOJI), " ", self.r.choice(WORDS), "\u200d", "\ufe0f"])
                       for _ in range(self.r.randint(1, 8)))

    def control(self):
        return "".join(self.r.choice([self.codes(CONTROLS, 1, 4), self.r.choice(WORDS), " ", self.r.choice(SYMBOLS)])
                       for _ in range(self.r.randint(1, 6)))

    def spaces(self):
        parts = []
        for _ in range(self.r.randint(1, 5)):
            space = chr(self.r.choice(SPACES + NEAR_SPACES + [0x20] * 12 + [0x9, 0xA] * 6))
            parts.append(space * self.r.choice([1, 1, 2, 3, 4, 7, 8, 15, 16]))
            parts.append(self.r.choice(["", "", self.r.choice(WORDS), self.r.choice(SYMBOLS), str(self.r.randint(0, 99)), self.codes(SPACES, 1, 4)]))
        return "".join(parts)

    def digits(self):
        parts = []
        for _ in range(self.r.randint(1, 6)):
            low, high = self.r.choice(NUMBERS[:1] * 12 + NUMBERS)
            parts.append(self.chars(low, high, self.r.choice([1, 1, 2, 3, 4, 9])))
            parts.append(self.r.choice(["", " ", "  ", "   ", ",", ".", "e", "x", "-", "+", " %", self.r.choice(WORDS), "\n", "'s", "\u00a0"]))
        return "".join(parts)

    def markers(self):
        return "".join(self.r.choice([self.r.choice(MARKERS[:3]), self.r.choice(MARKERS), self.r.choice(NEAR_MARKERS), self.r.choice(WORDS), "\n", " ",
                                      "system", "user", "assistant"]) for _ in range(self.r.randint(1, 8)))

    def code(self):
        return "".join(self.r.choice(CODE).format(w=self.r.choice(WORDS), W=self.r.choice(WORDS).upper(), n=self.r.randint(0, 4096))
                       for _ in range(self.r.randint(1, 2)))

    def long_word(self):
        return self.r.choice([lambda: self.r.choice(WORDS + EMOJI + list(SYMBOLS)) * self.r.randint(8, 40),
                              lambda: self.pick(WORDS, 8, 25), lambda: self.chars(0x61, 0x7A, self.r.randint(30, 120)),
                              lambda: self.pick(SYMBOLS, 20, 60), lambda: chr(self.r.randint(0x21, 0x2FF)) * self.r.randint(30, 300)])()

    def prose(self):
        words = []
        for _ in range(self.r.randint(2, 14)):
            word = self.r.choice(WORDS)
            word = self.r.choice([word, word, word, word.capitalize(), word.upper(), word + self.r.choice(CONTRACTIONS), word + self.r.choice(",.;:!?"), f"({word})", f"\"{word}\""])
            words.append(word)
        return self.r.choice(["", " ", "\n"]) + self.r.choice([" ", " ", "  "]).join(words) + self.r.choice(["", ".", "...", "\n", " "])

    def any_code_point(self):
        codes = []
        while len(codes) < 4:
            code = self.r.choice([self.r.randint(0, 0xFFFF), self.r.randint(0, 0x33FFF), self.r.randint(0, 0x10FFFF)])
            if not 0xD800 <= code < 0xE000:
                codes.append(code)
        return self.codes(codes, 1, 6)

    def mixed(self):
        kinds = [self.script, self.emoji, self.control, self.spaces, self.digits, self.markers, self.prose, self.any_code_point]
        return "".join(self.r.choice(kinds)()[:12] for _ in range(self.r.randint(2, 5)))


KINDS = {"script": 16, "emoji": 7, "control": 9, "spaces": 10, "digits": 10, "markers": 10, "code": 5, "long_word": 1, "prose": 10,
         "any_code_point": 14, "mixed": 8}  # share of each kind, in percent


def make_strings(count, seed):
    """(kind, text) pairs, `count` of them or a few more; the same for the same seed."""
    maker = Maker(seed)
    fixed = ["", " ", "a", "\x00", "a\x00b", "\n\n\n", "  \n  ", "'s", " 's", "don't", "DON'T", "x\r\ny", "\ufeffa", "a" * 400, " " * 300, "1" * 100]
    strings = [("fixed", text) for text in fixed]
    for kind, share in KINDS.items():
        strings += [(kind, getattr(maker, kind)()) for _ in range(-(-count * share // 100))]
    return strings
