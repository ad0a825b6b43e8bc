"""A generated platform with ten thousand items, read by each family of cursors that connectors have, with all that goes wrong.

Many items share a second, pages come in any order within, every now and then it asks for patience, and while it is read people
edit and delete. Its state is a small file, so that it outlives the worker that reads it.
"""

import json
import os
import random
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from inbox.channels.models import Channel, Stream
from inbox.connectors import registry
from inbox.connectors.catch_up import Page, catch_up
from inbox.connectors.contract import (
    Account,
    Author,
    Batch,
    Capabilities,
    ChannelConnector,
    IncomingMessage,
    RateLimited,
    Refused,
    Setup,
    StreamSpec,
)
from inbox.connectors.read_below import Parent, read_below
from inbox.connectors.walk_forward import Step, walk_forward
from inbox.connectors.walk_since import Slice, walk_since

KIND = "family"
ITEMS, BEFORE, SIZE = 10_000, 2_000, 100  # all, those before the outage, those on a page
POSTS = 50
OUTAGE = timedelta(days=30)
START = datetime(2026, 9, 1, tzinfo=UTC)
PATIENCE_EVERY = 23
CHANGES = 40  # how many items are edited or deleted during the reading after the outage


class FamilySetup(Setup):
    """Which family, and where the platform keeps its state."""

    file: str
    family: str


@dataclass
class Platform:
    """What is there now. Items are numbers, newer ones larger; `visible` of them have been written yet."""

    path: Path
    visible: int = BEFORE
    reads: int = 0
    forgotten: int = 0  # what was acknowledged lies below
    gone: list[int] = field(default_factory=list)
    edited: dict[str, int] = field(default_factory=dict)  # item → second of its edit

    @classmethod
    def at(cls, path: Path) -> "Platform":
        """The platform as it is kept."""
        return cls(path, **json.loads(path.read_text())) if path.exists() else cls(path)

    def keep(self) -> None:
        """Write down what is there; a reader that is killed leaves the old or the new."""
        fresh = self.path.with_suffix(".new")
        fresh.write_text(json.dumps({name: value for name, value in vars(self).items() if name != "path"}))
        os.replace(fresh, self.path)

    def read(self, *, deletes: bool = False, edits: bool = False) -> random.Random:
        """Count one request. Raises RateLimited now and then; after the outage people change something meanwhile."""
        self.reads += 1
        chance = random.Random(self.reads)
        if self.reads % PATIENCE_EVERY and self.visible == ITEMS and len(self.gone) + len(self.edited) < CHANGES:
            one = chance.randrange(self.visible)
            if deletes and one not in self.gone:
                self.gone.append(one)
            if edits:
                self.edited[str(one)] = seconds()[-1] + len(self.edited) // 5
        self.keep()
        if self.reads % PATIENCE_EVERY == 0:
            raise RateLimited("slow down", retry_after=30)
        return chance

    def second(self, number: int) -> int:
        """When the item was written or last edited."""
        return self.edited.get(str(number), seconds()[number])

    def newest_first(self) -> list[int]:
        """All that is there; items of one second in an order that changes from poll to poll."""
        gone = set(self.gone)
        return [number for number in range(self.visible - 1, -1, -1) if number not in gone]


@cache
def seconds() -> list[int]:
    """The second of each item: up to 250 share one, and a month lies between the first ones and the others."""
    chance, found, second = random.Random(7), list[int](), 0
    while len(found) < ITEMS:
        if len(found) < BEFORE:
            group = min(chance.choice([1, 1, 2, 5, 40, 250]), BEFORE - len(found))
        else:
            group = chance.choice([1, 1, 2, 5, 40, 250])
        found += [second] * group
        second += chance.randint(1, 900)
        if len(found) == BEFORE:
            second += int(OUTAGE.total_seconds())
    return found[:ITEMS]


def moment(second: int) -> datetime:
    """A second of the platform's clock."""
    return START + timedelta(seconds=second)


Items = Iterator[tuple[list[int], dict[str, Any]]]


def back_by_token(platform: Platform, state: Mapping[str, Any] | None) -> Items:
    """Newest first, older pages behind a token that names an item; what is deleted takes no other with it."""

    def read(older: str | None) -> Page[int]:
        chance = platform.read(deletes=True)
        below = [n for n in platform.newest_first() if older is None or n < int(older)]
        page = below[:SIZE]
        mark = str(page[-1]) if len(below) > SIZE else None
        chance.shuffle(page)
        page.sort(key=platform.second, reverse=True)
        return Page([(str(n), moment(platform.second(n)), n) for n in page], mark)

    return catch_up(read, state, None)


def back_by_passing_token(platform: Platform, state: Mapping[str, Any] | None) -> Items:
    """The same, but a token is good for the next few requests only."""

    def read(older: str | None) -> Page[int]:
        chance = platform.read(deletes=True)
        mark, given_at = map(int, (older or f"{ITEMS}.{platform.reads}").split("."))
        if platform.reads - given_at > 5:
            raise Refused("the page token has expired")
        below = [n for n in platform.newest_first() if n < mark]
        page = below[:SIZE]
        token = f"{page[-1]}.{platform.reads}" if len(below) > SIZE else None
        chance.shuffle(page)
        page.sort(key=platform.second, reverse=True)
        return Page([(str(n), moment(platform.second(n)), n) for n in page], token)

    return catch_up(read, state, None)


def back_by_number(platform: Platform, state: Mapping[str, Any] | None) -> Items:
    """Newest first, pages by number: what is deleted moves the others up."""

    def read(older: str | None) -> Page[int]:
        platform.read(deletes=True)
        number, listed = int(older or 1), platform.newest_first()
        page = listed[(number - 1) * SIZE : number * SIZE]
        more = str(number + 1) if len(listed) > number * SIZE else None
        return Page([(str(n), moment(platform.second(n)), n) for n in page], more)

    return catch_up(read, state, None, shifts=True)


def since_a_moment(platform: Platform, state: Mapping[str, Any] | None) -> Items:
    """Oldest change first, from a second on, pages by number: an edit moves its item to the end."""

    def read(start: datetime | None, further: str | None) -> Slice[int]:
        platform.read(edits=True)
        listed = sorted((platform.second(n), n) for n in range(platform.visible))
        first = bisect_left(listed, ((start - START).total_seconds(), -1)) if start else 0
        offset = first + int(further or 0)
        page = listed[offset : offset + SIZE]
        more = str(offset - first + SIZE) if len(listed) > offset + SIZE else None
        return Slice([(str(n), moment(second), n) for second, n in page], more)

    return walk_since(read, state, None)


def forward_by_id(platform: Platform, state: Mapping[str, Any] | None) -> Items:
    """What comes after the smallest id that is not wanted any more; pages in any order."""

    def read(after: str | None) -> Step[int]:
        chance = platform.read()
        page = list(range(int(after or -1) + 1, platform.visible))[:SIZE]
        last = str(page[-1]) if page else after
        chance.shuffle(page)
        return Step(page, last)

    return walk_forward(read, state)


def acknowledged(platform: Platform, state: Mapping[str, Any] | None) -> Items:
    """A queue that forgets all below the offset that it is asked from."""

    def read(offset: str | None) -> Step[int]:
        platform.forgotten = max(platform.forgotten, int(offset or 0))
        platform.read()
        page = list(range(platform.forgotten, platform.visible))[:SIZE]
        return Step(page, str(page[-1] + 1) if page else offset, is_last=len(page) < SIZE)

    return walk_forward(read, state)


def synchronised(platform: Platform, state: Mapping[str, Any] | None) -> Items:
    """All since a token; during the outage the server forgets its tokens, and begins from the beginning."""

    def read(token: str | None) -> Step[int]:
        platform.read()
        era = "late" if platform.visible == ITEMS else "early"
        told, _, place = (token or f"{era}-0").partition("-")
        if told != era:
            raise Refused("unknown token")
        page = list(range(int(place), min(int(place) + SIZE, platform.visible)))
        return Step(page, f"{era}-{int(place) + len(page)}")

    return walk_forward(read, state)


def below_many(platform: Platform, state: Mapping[str, Any] | None) -> Items:
    """Comments below fifty posts that tell how many they have; each newest first, older pages behind an item."""
    there = {post: [n for n in platform.newest_first() if n % POSTS == post] for post in range(POSTS)}

    def read(post: Parent[int], older: str | None) -> Page[int]:
        chance = platform.read(deletes=True)
        gone = set(platform.gone)
        below = [n for n in there[post.row] if n not in gone and (older is None or n < int(older))]
        page = below[:SIZE]
        mark = str(page[-1]) if len(below) > SIZE else None
        chance.shuffle(page)
        page.sort(key=platform.second, reverse=True)
        return Page([(str(n), moment(platform.second(n)), n) for n in page], mark)

    posts = [Parent(str(post), str(len(found) or ""), post) for post, found in there.items()]
    kept: Mapping[str, Any] = state or {}
    for _post, fresh, kept in read_below(posts, read, state or {}, None):
        yield fresh, dict(kept)
    yield [], dict(kept)


FAMILIES: dict[str, Callable[[Platform, Mapping[str, Any] | None], Items]] = {
    walk.__name__: walk
    for walk in (
        back_by_token,
        back_by_passing_token,
        back_by_number,
        since_a_moment,
        forward_by_id,
        acknowledged,
        synchronised,
        below_many,
    )
}


class Family(ChannelConnector):
    """Reads the platform by the family's walk."""

    kind: ClassVar[str] = KIND
    label: ClassVar[str] = "Family"
    setup: ClassVar[type[Setup]] = FamilySetup
    capabilities: ClassVar[Capabilities] = Capabilities(tells_edits=True)

    def check(self) -> Account:
        """There is nobody to sign in."""
        return Account(self.settings.family)

    def streams(self) -> Sequence[StreamSpec]:
        """One."""
        return (StreamSpec("all", every=60),)

    def poll(self, stream: str, cursor: Mapping[str, Any] | None, since: datetime | None) -> Iterator[Batch]:
        """Everything that the walk brings."""
        platform = Platform.at(Path(self.settings.file))
        for numbers, state in FAMILIES[self.settings.family](platform, cursor):
            yield Batch(messages=[_message(platform, number) for number in numbers], cursor=state)


def use_families() -> None:
    """Let the product know this kind."""
    registry.CHANNELS[KIND] = "tests.families:Family"


def family_channel(session: Any, path: Path, family: str) -> Channel:
    """A connected channel whose stream is due."""
    channel = Channel(kind=KIND, name=family, settings={"file": str(path), "family": family})
    session.add(channel)
    session.flush()
    session.add(Stream(channel_id=channel.id, name="all"))
    session.flush()
    return channel


def text_of(platform: Platform, number: int) -> str:
    """The words of an item as they are now."""
    return f"words {number}" + (f", edited at {platform.edited[str(number)]}" if str(number) in platform.edited else "")


def _message(platform: Platform, number: int) -> IncomingMessage:
    author = Author(f"author-{number % 60}", name="Someone")
    return IncomingMessage(
        str(number), f"thread-{number % 400}", text_of(platform, number), moment(seconds()[number]), author
    )
