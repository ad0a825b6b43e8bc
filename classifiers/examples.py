"""Reads labelled texts to learn from: the public sets of `datasets.toml` and our own messages in `seed/`."""

import csv
import hashlib
import random
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from classifiers.own_labels import key_of, own_labels
from classifiers.tags import Tag

HEADS: tuple[str, ...] = (*Tag, "praise")
"""What the model learns: the four tags, and praise, which tells `other` from `unsure`."""

SEED = Path(__file__).parent / "seed"
MANIFEST = Path(__file__).parent / "datasets.toml"
OURS = "messages/"
"""How the sources of our own messages begin; the rest is the theme."""

FROZEN_SHARE = 8
"""One in so many of our own messages is frozen: never learned from, so that a challenger can be held against it."""

_NOBODY: Mapping[str, frozenset[str]] = MappingProxyType({})

_MOST_FIELD = 1_000_000
_LONGER, _MOST_TALK = 0.7, 8


class DatasetRefused(Exception):
    """A set is missing, is not the one the manifest names, or cannot be read. Says which and why."""


@dataclass(frozen=True, slots=True)
class Example:
    """One text; `said` holds True, False or None (nobody said) for each of HEADS."""

    text: str
    lang: str
    said: tuple[bool | None, ...]
    source: str
    calibrates: bool = True


def read_manifest() -> dict[str, Any]:
    """The manifest of sets, wanted precision and usual shares."""
    return tomllib.loads(MANIFEST.read_text("utf-8"))


def training_examples(folder: Path, manifest: dict[str, Any], seed: int = 1) -> list[Example]:
    """All that may be learned from, in a fixed order. Raises DatasetRefused."""
    found: list[Example] = []
    for dataset in manifest["dataset"]:
        path = folder / dataset["file"]
        if not path.is_file():
            raise DatasetRefused(f"{dataset['file']} is not in {folder}; get it from {dataset['source']}.")
        if hashlib.sha256(path.read_bytes()).hexdigest() != dataset["sha256"]:
            raise DatasetRefused(f"{path} is not the file that the manifest names: its checksum differs.")
        read = _rows(path, own_labels(dataset["name"]), dataset.get("left_to_source", ()))
        rows = [row for row in read if row[1] != dataset.get("held_out", ())]
        chance = random.Random(f"{seed}{dataset['name']}")
        chance.shuffle(rows)
        taught = [_taught(example, dataset, chance) for example, _ in rows[: dataset.get("most")]]
        found += _joined(taught, dataset.get("joined", 0), chance)
    own = seed_examples()
    return found + own + longer_examples(own, seed)


def unlabelled_texts(folder: Path, manifest: dict[str, Any]) -> list[str]:
    """Every text of every set, but for what is held out: for what can be learned without labels."""
    return [
        example.text
        for dataset in manifest["dataset"]
        for example, split in _rows(folder / dataset["file"])
        if split != dataset.get("held_out", ())
    ]


def held_out_examples(folder: Path, manifest: dict[str, Any]) -> Iterator[tuple[str, list[Example]]]:
    """Name and rows of the parts that training leaves alone."""
    for dataset in manifest["dataset"]:
        if "held_out" in dataset:
            path = folder / dataset["file"]
            yield f"{dataset['name']} (held out)", [row for row, split in _rows(path) if split == dataset["held_out"]]


def seed_examples() -> list[Example]:
    """Our own messages that may be learned from: all but the frozen ones. Raises DatasetRefused."""
    return [example for example in _own_messages() if not _is_frozen(example.text)]


def frozen_examples() -> list[Example]:
    """Our own messages that no model has learned from, some of every theme and language. Raises DatasetRefused."""
    return [example for example in _own_messages() if _is_frozen(example.text)]


def longer_examples(own: Sequence[Example], seed: int = 1) -> list[Example]:
    """Our own messages again, among small talk of their theme: what somebody wants, not how much they write, decides.

    Without these a long text looks like a complaint, because people who complain write more. Nobody writes like that, so they
    say nothing about probabilities.
    """
    chance = random.Random(seed)
    found = []
    for example in own:
        talk = [other.text for other in own if other.source == example.source and not any(other.said)]
        others = chance.sample(talk, min(chance.randint(1, _MOST_TALK), len(talk)))
        place = chance.randint(0, len(others))
        text = chance.choice((" ", "\n", "\n\n")).join((*others[:place], example.text, *others[place:]))
        if chance.random() < _LONGER and others:
            found.append(replace(example, text=text, calibrates=False))
    return found


def set_examples(path: Path) -> list[Example]:
    """The rows of one set with the columns of the manifest. Raises DatasetRefused."""
    return [example for example, _ in _rows(path)]


def split_examples(path: Path) -> list[tuple[Example, str]]:
    """The rows of one set, each with the name of its part. Raises DatasetRefused."""
    return _rows(path)


def _own_messages() -> Iterator[Example]:
    # Each file is a source: columns labels, lang, text; `labels` names all that hold, or `other`.
    for path in sorted(SEED.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                labels = set(row["labels"].split())
                if unknown := labels - set(HEADS) - {"other"}:
                    raise DatasetRefused(f"{path.name} names unknown labels: {', '.join(sorted(unknown))}.")
                said = tuple(head in labels for head in HEADS)
                yield Example(row["text"], row["lang"], said, OURS + path.stem)


def _is_frozen(text: str) -> bool:
    # By the text itself: a message stays on its side however the files grow, and the same text twice stays together.
    return hashlib.sha256(text.casefold().encode()).digest()[0] % FROZEN_SHARE == 0


def _rows(
    path: Path, ours: Mapping[str, frozenset[str]] = _NOBODY, left: Collection[str] = ()
) -> list[tuple[Example, str]]:
    csv.field_size_limit(_MOST_FIELD)
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return list(_labelled(csv.DictReader(file), path.stem, ours, left))
    except (csv.Error, UnicodeDecodeError, KeyError, ValueError) as error:
        raise DatasetRefused(f"{path} cannot be read as a labelled set: {error}") from error


def _labelled(
    rows: Iterable[dict[str, str]], name: str, ours: Mapping[str, frozenset[str]], left: Collection[str]
) -> Iterator[tuple[Example, str]]:
    for row in rows:
        said = tuple(None if row[f"y_{head}"] == "" else float(row[f"y_{head}"]) > 0 for head in HEADS)
        labels = ours.get(key_of(row["text"])) if ours else None
        if labels is not None:
            said = tuple(
                head in labels if value is None and head not in left else value
                for head, value in zip(HEADS, said, strict=True)
            )
        if any(value is not None for value in said):
            yield Example(row["text"], row["lang"], said, name), row["split"]


def _joined(rows: list[Example], share: float, chance: random.Random) -> list[Example]:
    """The rows, of which a share goes on with some that follow: a whole paragraph in the place of a single sentence."""
    found = []
    for place, row in enumerate(rows):
        taught = row
        if chance.random() < share:
            near = rows[place : place + 2 * _MOST_TALK]
            parts = [other for other in near if other.lang == row.lang][: chance.randint(2, _MOST_TALK)]
            columns = zip(*(part.said for part in parts), strict=True)
            said = tuple(True if any(column) else None if None in column else False for column in columns)
            taught = replace(row, text=" ".join(part.text for part in parts), said=said)
        found.append(taught)
    return found


def _taught(example: Example, dataset: dict[str, Any], chance: random.Random) -> Example:
    assumed = dataset.get("assume", {})
    said = tuple(
        bool(assumed[head]) if value is None and head in assumed else value
        for head, value in zip(HEADS, example.said, strict=True)
    )
    text = example.text
    # Where the mark made the label, some must be learned without it: people leave it out.
    if said[0] and chance.random() < dataset.get("unmarked", 0):
        text = text.replace("?", "")
    return Example(text, example.lang, said, dataset["name"], dataset.get("calibrate", True))
