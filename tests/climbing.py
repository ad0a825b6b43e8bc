"""Messages of a new domain, written for this: notes to a climbing gym, many on cards whose colour says what they are."""

import csv
from pathlib import Path

import numpy as np

from classifiers.examples import HEADS, Example
from classifiers.tags import Tag

NOTES = Path(__file__).resolve().parents[1] / "bench" / "climbing.csv"


def climbing_notes(seed: int = 0) -> list[Example]:
    """All 288, in an order that the seed decides. Nobody said whether they praise."""
    with NOTES.open(encoding="utf-8", newline="") as file:
        found = [
            Example(row["text"], row["lang"], said(set(row["labels"].split())), "1") for row in csv.DictReader(file)
        ]
    return [found[int(place)] for place in np.random.default_rng(seed).permutation(len(found))]


def said(tags: set[str]) -> tuple[bool | None, ...]:
    """The tags as an example holds them."""
    return tuple(head in tags if head in set(Tag) else None for head in HEADS)


def mistaken(examples: list[Example], share: float, seed: int = 0) -> list[Example]:
    """The examples, of which a share has a tag that it should not have, drawn at random."""
    chance = np.random.default_rng(seed)
    wrong = set(chance.permutation(len(examples))[: int(share * len(examples))].tolist())
    found = []
    for place, example in enumerate(examples):
        right = {tag.value for tag, holds in zip(Tag, example.said, strict=False) if holds}
        others = [tags for tags in (*({tag.value} for tag in Tag), set()) if tags != right]
        tags = others[int(chance.integers(len(others)))] if place in wrong else right
        found.append(Example(example.text, example.lang, said(tags), example.source))
    return found
