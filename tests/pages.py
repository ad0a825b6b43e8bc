"""A platform for tests: a JSON file with pages of messages, and a channel connector that reads them one after another."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from pydantic import SecretStr
from sqlalchemy.orm import Session

from inbox.channels.due import Claimed, claim, find_due
from inbox.channels.models import Channel, Stream
from inbox.connectors import registry
from inbox.connectors.contract import (
    Account,
    Author,
    Batch,
    Capabilities,
    ChannelConnector,
    Deletion,
    Group,
    IncomingMessage,
    NeedsPerson,
    Passing,
    Setup,
    StreamSpec,
    Surroundings,
)

KIND = "pages"


class PagesSetup(Setup):
    """Where the pages lie; the key is any word but "wrong"."""

    file: str
    key: SecretStr = SecretStr("right")
    slow_seconds: float = 0.0
    fail_at: int = -1


class Pages(ChannelConnector):
    """The file holds {"stream": [[["id", "text"], …], …]}: pages of messages; a text of null deletes."""

    kind: ClassVar[str] = KIND
    label: ClassVar[str] = "Pages"
    about: ClassVar[str] = "Posts of an invented platform."
    group: ClassVar[Group] = Group.SOCIAL
    setup: ClassVar[type[Setup]] = PagesSetup
    capabilities: ClassVar[Capabilities] = Capabilities(tells_edits=True, tells_deletes=True)

    def __init__(self, settings: PagesSetup, surroundings: Surroundings) -> None:
        super().__init__(settings, surroundings)
        self.memory = surroundings.memory

    def check(self) -> Account:
        """The file's name, and its first messages."""
        if self.settings.key.get_secret_value() == "wrong":
            raise NeedsPerson("The key is wrong; make a new one.")
        pages = next(iter(self._pages().values()))
        latest = [_message(entry) for page in pages for entry in page if entry[1] is not None]
        return Account(Path(self.settings.file).stem, self.settings.file, latest=latest)

    def streams(self) -> Sequence[StreamSpec]:
        """As many as the file has."""
        return [StreamSpec(name, every=60) for name in self._pages()]

    def poll(self, stream: str, cursor: Mapping[str, Any] | None, since: datetime | None) -> Iterator[Batch]:
        """Page after page; the page before the cursor comes again, as platforms do."""
        if self.settings.key.get_secret_value() == "wrong":
            raise NeedsPerson("The key is wrong; make a new one.")
        self.memory.save({"polls": self.memory.load().get("polls", 0) + 1})
        place = (cursor or {}).get("page", 0)
        for number, page in list(enumerate(self._pages()[stream]))[max(0, place - 1) :]:
            if number == self.settings.fail_at:
                raise Passing("The platform is away for a moment.")
            time.sleep(self.settings.slow_seconds)
            yield Batch(
                messages=[_message(entry) for entry in page if entry[1] is not None],
                deletions=[Deletion(entry[0]) for entry in page if entry[1] is None],
                cursor={"page": number + 1},
            )

    def _pages(self) -> dict[str, list[list[list[Any]]]]:
        found: dict[str, list[list[list[Any]]]] = json.loads(Path(self.settings.file).read_text())
        return found


def use_pages() -> None:
    """Let the product know this kind."""
    registry.CHANNELS[KIND] = "tests.pages:Pages"


def write_pages(path: Path, *pages: Sequence[Sequence[Any]], stream: str = "all") -> Path:
    """A platform with one stream of these pages."""
    path.write_text(json.dumps({stream: pages}))
    return path


def pages_channel(session: Any, path: Path, **settings: Any) -> Channel:
    """A connected channel with its streams due, without its form."""
    channel = Channel(kind=KIND, name=path.stem, settings={"file": str(path), **settings})
    session.add(channel)
    session.flush()
    session.add_all(Stream(channel_id=channel.id, name=name) for name in json.loads(path.read_text()))
    session.flush()
    return channel


def claim_due(session: Session, *, limit: int) -> list[Claimed]:
    """Claim streams as the job does, those that have waited longest."""
    return claim(session, [number for number, _host in find_due(session)[:limit]])


def _message(entry: Sequence[Any]) -> IncomingMessage:
    key, text = entry
    author = Author(f"author-{sum(map(ord, key)) % 7}", name="Someone")
    return IncomingMessage(key, key.split(".")[0], text, author=author)
