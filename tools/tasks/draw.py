"""Choices by chance that are the same with every version of Python: of `random` only random() is promised to stay."""
import random


class Draw:
    def __init__(self, seed: str):
        self.random = random.Random(seed).random

    def number(self, least: int, most: int) -> int:
        return least + int(self.random() * (most - least + 1))

    def one(self, values):
        return values[self.number(0, len(values) - 1)]

    def several(self, values, count: int) -> list:
        """Different ones, in a chance order."""
        left = list(values)
        return [left.pop(self.number(0, len(left) - 1)) for _ in range(count)]
