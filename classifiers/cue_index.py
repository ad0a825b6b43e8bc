"""Finds which groups of cues begin at a word, for whole batches: one look at a small table settles nearly every word."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifiers.tokens import Hashes, Ints, Tokens, hash_of

MOST_GROUPS = 64
"""A word's groups are the bits of one number."""

LONGEST = 4
"""Words of the longest cue."""

BEGINNINGS = range(3, 13)
"""Letters that stand before a trailing *."""

_BITS, _MIX = 17, np.uint64(0x9E6C63D0676A9A99)


@dataclass(frozen=True, slots=True)
class _Known:
    """Hashes that rise, the groups of each, and a table that tells most hashes apart from all of them."""

    hashes: Hashes
    groups: Hashes
    likely: NDArray[np.bool_]

    def meet(self, hashes: Hashes) -> tuple[Ints, Hashes]:
        """Places in `hashes` of those that are known, and their groups."""
        at = np.flatnonzero(self.likely[_slot(hashes)])
        place = np.minimum(np.searchsorted(self.hashes, hashes[at]), len(self.hashes) - 1)
        hit = self.hashes[place] == hashes[at]
        return at[hit], self.groups[place[hit]]


class CueIndex:
    """The cues of some groups: words and phrases of at most LONGEST words, and beginnings of words marked by a trailing *."""

    def __init__(self, groups: Mapping[str, Iterable[str]]) -> None:
        if len(groups) > MOST_GROUPS:
            raise ValueError(f"{len(groups)} groups of cues; {MOST_GROUPS} fit")
        phrases: dict[int, dict[int, int]] = {}
        beginnings: dict[int, dict[int, int]] = {}
        for bit, cues in enumerate(groups.values()):
            for cue in cues:
                start = cue.removesuffix("*")
                # A star after one or two letters would mean half the dictionary.
                if len(start) < len(cue) and len(start) not in BEGINNINGS:
                    raise ValueError(f"{cue}: {BEGINNINGS.start} to {BEGINNINGS.stop - 1} letters stand before a *")
                if not 1 <= len(cue.split(" ")) <= LONGEST:
                    raise ValueError(f"{cue}: a cue has 1 to {LONGEST} words")
                kind = (
                    beginnings.setdefault(len(start), {})
                    if start != cue
                    else phrases.setdefault(cue.count(" ") + 1, {})
                )
                found = hash_of(start)
                kind[found] = kind.get(found, 0) | 1 << bit
        self._names = tuple(groups)
        self._phrases = {count: _known(found) for count, found in sorted(phrases.items())}
        self._beginnings = {letters: _known(found) for letters, found in sorted(beginnings.items())}

    def find(self, tokens: Tokens) -> NDArray[np.bool_]:
        """One row per word, one column per group: whether one of its cues begins here."""
        groups = np.zeros(len(tokens.starts), np.uint64)
        for count, known in self._phrases.items():
            firsts, hashes = tokens.spans(count)
            at, met = known.meet(hashes)
            groups[firsts[at]] |= met
        lengths = tokens.ends - tokens.starts
        for letters, known in self._beginnings.items():
            long_enough = np.flatnonzero(lengths >= letters)
            starts = tokens.starts[long_enough]
            at, met = known.meet(tokens.hashes(starts, starts + letters))
            groups[long_enough[at]] |= met
        bits = np.unpackbits(groups.astype("<u8").view(np.uint8).reshape(-1, 8), axis=1, bitorder="little")
        return bits[:, : len(self._names)].view(np.bool_)


def _known(groups_of: Mapping[int, int]) -> _Known:
    ordered = sorted(groups_of.items())
    hashes = np.array([found for found, _ in ordered], np.uint64)
    likely = np.zeros(1 << _BITS, np.bool_)
    likely[_slot(hashes)] = True
    return _Known(hashes, np.array([groups for _, groups in ordered], np.uint64), likely)


def _slot(hashes: Hashes) -> Ints:
    slots: Ints = ((hashes ^ (hashes >> np.uint64(29))) * _MIX >> np.uint64(64 - _BITS)).astype(np.int64)
    return slots
