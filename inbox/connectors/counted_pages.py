"""Proves that walks over counted pages (a number, an offset) left nothing out, whatever came and went meanwhile.

A page that begins after a hundred items hides nothing while a hundred that this walk has met still stand above it. So a walk
sees to having met as many as it passes, and the next one to all of them being there still. Used by `catch_up` alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from inbox.connectors.lenient import texts, whole_number, words

WALKS = 12  # a list that never keeps still for so long is taken as it was met
MARKS = 20_000  # kept between polls; of a longer list nothing is proven once its walk was cut off
WALKS_OF_LONG = 4


class Proof:
    """Of two walks in a row the second proves the first. Items are known by their marks, and new ones come at the top only."""

    def __init__(self, before: Iterable[str], walk: Mapping[str, Any]) -> None:
        """`before`: what is not new, whether it is met or not. `walk`: an earlier `state`, empty for the first walk."""
        self.before = frozenset(before)
        self.walks = whole_number(walk.get("walks")) or 1
        self.here = set(texts(walk.get("here")))  # met in this walk, above its last page
        self.former = set(texts(walk.get("former")))  # the same of the former walk, and not met again yet
        self.met = {*texts(walk.get("met")), *self.here, *self.former}
        self.passed = whole_number(walk.get("passed"))  # how many stand above where the next page begins
        # The newest one when the top was read last; where it is not known, no walk joins on.
        self.first = words(walk.get("first"))
        # This walk left nothing out, if all in `here` stays.
        self.is_whole = walk.get("whole") is not False
        # The former walk was whole, and nothing in this one speaks against it.
        self.confirms = walk.get("confirms") is True

    def meet(self, marks: Sequence[str], *, is_top: bool, is_last: bool = False) -> list[bool]:
        """Which of a page's items are new. `is_top`: it is the newest page; read again within a walk, it passes nothing more."""
        if is_top:
            # All that came in since the top was read last stands on this page only if what was first then does too.
            joins_on = self.first in marks
            self.confirms = self.confirms and joins_on
            self.is_whole = self.is_whole and (joins_on or not self.passed)
            self.first = marks[0] if marks else ""
            self.passed = max(self.passed, len(marks))
        else:
            self.is_whole = self.is_whole and not self.is_short
            self.passed += len(marks)
        new = []
        for mark in marks:
            new.append(mark not in self.met and mark not in self.before)
            self.met.add(mark)
        # New below the top: the former walk left it out, or it came in just now, perhaps below others that nobody met.
        self.confirms = self.confirms and (is_top or not any(new))
        self.former.difference_update(marks)
        if not is_last:
            self.here.update(marks)
        return new

    @property
    def is_short(self) -> bool:
        """Whether fewer were met than passed: others came in above, and when they go, what is unmet moves up past the walk."""
        return len(self.here) < self.passed

    @property
    def holds(self) -> bool:
        """Whether all that was there when the top was read last has been met."""
        return self.confirms and not self.former

    @property
    def is_hopeless(self) -> bool:
        """Whether there were walks enough."""
        return self.walks >= (WALKS if len(self.met) <= MARKS else WALKS_OF_LONG)

    def next_walk(self, *, was_cut_off: bool = False) -> None:
        """From the top again. `was_cut_off`: this walk did not come to its end."""
        self.walks += 1
        self.confirms, self.is_whole = self.is_whole and not was_cut_off, True
        self.former, self.here, self.passed = self.here, set(), 0

    def state(self) -> dict[str, Any]:
        """What goes on from here, as JSON."""
        if len(self.met) > MARKS:
            return {"walks": self.walks, "met": list(self.met)[:MARKS]}
        return {
            "walks": self.walks,
            "passed": self.passed,
            "first": self.first,
            "whole": self.is_whole,
            "confirms": self.confirms,
            "here": list(self.here),
            "former": list(self.former),
            "met": list(self.met - self.here - self.former),
        }
