"""The kinds of tasks: each makes one from a Draw. Answers are one line, so that decoding can stop at its end."""
import dataclasses
from collections.abc import Callable

from draw import Draw
from words import *


@dataclasses.dataclass
class Kind:
    name: str
    check: str  # how a completion is compared with the answer: tools/cli/tasks/task.h
    max_tokens: int  # enough for any answer and the end of its line
    make: Callable[[Draw], dict]  # `prompt` or `messages`, and `answer`


KINDS: list[Kind] = []


def kind(name: str, max_tokens: int, check: str = "exact"):
    def add(make):
        KINDS.append(Kind(name, check, max_tokens, make))
        return make

    return add


def few_shot(example, shots: int, form: str = "Input: {}\nOutput: {}\n\n"):
    """A task that shows `shots` examples (question, answer) before it asks for the last one's answer."""

    def make(draw: Draw) -> dict:
        examples = [example(draw) for _ in range(shots + 1)]
        text = "".join(form.format(*shown) for shown in examples[:-1])
        question, answer = examples[-1]
        return {"prompt": text + form.format(question, "").rstrip(), "answer": answer}

    return make


def few_shot_kind(name: str, max_tokens: int, shots: int, check: str = "exact", **more):
    def add(example):
        kind(name, max_tokens, check)(few_shot(example, shots, **more))
        return example

    return add


def user(text: str) -> dict:
    return {"role": "user", "content": text}


def action(draw: Draw) -> tuple[str, str]:
    """What somebody does, in the present and in the past."""
    now, past, rest = draw.one(VERBS)
    thing, other = draw.several(OBJECTS, 2)
    rest = rest.format(place=draw.one(PLACES), adjective=draw.one(ADJECTIVES), object=thing, other=other, colour=draw.one(COLOURS))
    return f"{now} {rest}", f"{past} {rest}"


# Copying.


@few_shot_kind("copy-words", 48, shots=2, check="prefix")
def copy_words(draw):
    words = ", ".join(draw.several([*OBJECTS, *ANIMALS, *FRUITS, *ADJECTIVES], 8))
    return words, words


@kind("copy-sentence", 32)
def copy_sentence(draw):
    shown = f"{draw.one(NAMES)} {action(draw)[1]}."
    asked = f"{draw.one(NAMES)} {action(draw)[1]} and {action(draw)[1]}."
    request = "Copy this text exactly: {}"
    messages = [user(request.format(shown)), {"role": "assistant", "content": shown}, user(request.format(asked))]
    return {"messages": messages, "answer": asked}


@few_shot_kind("title-case", 24, shots=3)
def title_case(draw):
    text = f"the {draw.one(ADJECTIVES)} {draw.one(OBJECTS)} of {draw.one(PLACES)} {draw.one(ANIMALS)}"
    return text, " ".join(word.capitalize() for word in text.split())


# Extraction, and other forms for the same facts.


@few_shot_kind("to-json", 64, shots=2)
def to_json(draw):
    name, surname, age = draw.one(NAMES), draw.one(SURNAMES), draw.number(21, 69)
    job, city = draw.one(JOBS), draw.one(CITIES)
    return (f"{name} {surname} is {age} years old and works as a {job} in {city}.",
            f'{{"name": "{name} {surname}", "age": {age}, "job": "{job}", "city": "{city}"}}')


@few_shot_kind("from-json", 48, shots=2)
def from_json(draw):
    name, surname, age = draw.one(NAMES), draw.one(SURNAMES), draw.number(21, 69)
    job, city, pet = draw.one(JOBS), draw.one(CITIES), draw.one(ANIMALS)
    return (f'{{"name": "{name} {surname}", "city": "{city}", "age": {age}, "job": "{job}", "pet": "{pet}"}}',
            f"The {job} {name} {surname} of {city} is {age} years old and has a {pet}.")


@few_shot_kind("letter", 40, shots=2)
def letter(draw):
    name, count, thing = draw.one(NAMES), draw.number(2, 9), draw.one(OBJECTS)
    city, day = draw.one(CITIES), draw.one(DAYS)
    return (f"name={name}; count={count}; item={thing}; city={city}; day={day}",
            f"Dear {name}, your order of {count} x {thing} will reach {city} on {day}.")


@few_shot_kind("meeting", 48, shots=2)
def meeting(draw):
    name, place = draw.one(NAMES), draw.one(PLACES)
    date, hour = f"{draw.one(MONTHS)} {draw.number(1, 28)}", draw.number(1, 11)
    return (f"Do not forget that we meet {name} in the {place} on {date} at {hour} o'clock.",
            f"who: {name}; where: {place}; date: {date}; time: {hour}:00")


@few_shot_kind("email", 32, shots=2, form="Text: {}\nEmail: {}\n\n")
def email(draw):
    thing, city = draw.one(OBJECTS), draw.one(CITIES)
    addresses = [f"{draw.one(NAMES)}.{draw.one(SURNAMES)}{draw.number(10, 99)}@{thing}-{city}.com".lower() for _ in range(2)]
    return f"For the {thing} in {city} write to {addresses[0]} and not to {addresses[1]}.", addresses[0]


@few_shot_kind("past-tense", 24, shots=4, form="{} -> {}\n")
def past_tense(draw):
    now, past = action(draw)
    return f"Today I {now}.", f"Yesterday I {past}."


# Numbers.


@few_shot_kind("add", 8, shots=6, check="number", form="{} = {}\n")
def add(draw):
    a, b = draw.number(2, 40), draw.number(2, 9)
    return f"{a} + {b}", str(a + b)


@few_shot_kind("word-problem", 32, shots=4, check="number", form="{}\nAnswer: {}\n\n")
def word_problem(draw):
    name, thing = draw.one(NAMES), draw.one(["book", "stamp", "coin", "ring", "ticket"])
    a, b = draw.number(2, 19), draw.number(2, 9)
    return f"{name} has {a} {thing}s and gets {b} more.", f"{name} has {a} + {b} = {a + b} {thing}s."


@kind("count", 48, check="prefix")
def count(draw):
    step = draw.one([1, -1])
    shown, asked = ([begin + step * i for i in range(12)] for begin in (draw.number(20, 80), draw.number(20, 80)))
    text = "Counting {}: {}\nCounting {}: {},"
    way = "up" if step > 0 else "down"
    return {"prompt": text.format(way, ", ".join(map(str, shown)), way, ", ".join(map(str, asked[:3]))),
            "answer": ", ".join(map(str, asked[3:11]))}


# Instructions.


@kind("use-phrase", 48, check="contains")
def use_phrase(draw):
    phrase = f"{draw.one(ADJECTIVES)} {draw.one(OBJECTS)}"
    request = f'Write one sentence about a {draw.one(ANIMALS)}. The sentence must contain the words "{phrase}".'
    return {"messages": [user(request)], "answer": phrase}


@kind("use-facts", 48, check="contains")
def use_facts(draw):
    name, job = draw.one(NAMES), draw.one(JOBS)
    return {"messages": [user(f"Write one sentence about {name}, who works as a {job}.")], "answer": [name, job]}


# Classification.


@few_shot_kind("sentiment", 8, shots=6, check="first_word", form="Review: {}\nSentiment: {}\n\n")
def sentiment(draw):
    good = draw.number(0, 1)
    text = draw.one(OPINIONS).format(draw.one(REVIEWED), draw.one(PRAISE if good else BLAME))
    return text, "positive" if good else "negative"


@kind("category", 8, check="first_word")
def category(draw):
    names = [*draw.several(CATEGORIES, len(CATEGORIES)), *draw.several(CATEGORIES, len(CATEGORIES))]
    lines = [f"{draw.one(CATEGORIES[name])} is a kind of {name}" for name in names]
    answer = names[-1]
    return {"prompt": "\n".join(lines).removesuffix(" " + answer), "answer": answer}


@kind("opposite", 8, check="first_word")
def opposite(draw):
    pairs = draw.several(OPPOSITES, 5)
    text = "Opposites\n" + "".join(f"{a} - {b}\n" for a, b in pairs[:-1])
    return {"prompt": f"{text}{pairs[-1][0]} -", "answer": pairs[-1][1]}
