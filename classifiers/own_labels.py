"""What we ourselves say of texts in the public sets, whose sources only speak of some heads.

`labels/` has a file for each set: `key` is the beginning of the SHA-256 of a text, so that no text is kept here; `labels`
names all that hold, or `other`. Who labelled judged every head: what is not named does not hold.
"""

import csv
import hashlib
from pathlib import Path

FOLDER = Path(__file__).parent / "labels"
_KEY = 12


def own_labels(name: str) -> dict[str, frozenset[str]]:
    """By key, the labels that we gave to texts of a set; none where nobody read it."""
    path = FOLDER / f"{name}.csv"
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        return {row["key"]: frozenset(row["labels"].split()) for row in csv.DictReader(file)}


def key_of(text: str) -> str:
    """How `labels/` names a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:_KEY]
