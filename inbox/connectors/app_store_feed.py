"""Reviews in Apple's App Store without a key, by its public feeds: one per country; read only."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from pydantic import Field, field_validator

from inbox.connectors.catch_up import Page, catch_up
from inbox.connectors.contract import (
    N_,
    Account,
    Author,
    Batch,
    Capabilities,
    ChannelConnector,
    Group,
    Guide,
    IncomingMessage,
    NeedsPerson,
    Passing,
    Rate,
    Setup,
    StreamSpec,
)
from inbox.connectors.json_api import JsonApi, mapping
from inbox.connectors.lenient import moment, words
from inbox.connectors.read_each import name_of, read_each, read_in_place
from inbox.connectors.watch_words import watch_words
from inbox.text import one_line

VERSION = 1
PAGES = 10
SITE = "https://itunes.apple.com"
READ_ONLY = N_("The public feed can only be read; to answer, connect App Store Connect.")


class AppStoreFeedSetup(Setup):
    """An app, and the countries whose reviews are read."""

    app: str = Field(title=N_("App"), description=N_("Its number, or its address in the App Store."), max_length=300)
    countries: str = Field(
        "de, us, gb", title=N_("Countries"), description=N_("Two letters each, separated with commas."), max_length=500
    )

    @field_validator("app")
    @classmethod
    def number(cls, value: str) -> str:
        found = re.search(r"(?:^|/id|^id)(\d{5,12})(?=$|[/?#])", value)
        if found is None:
            raise ValueError(N_("holds no app number, such as id123456789"))
        return found[1]

    @field_validator("countries")
    @classmethod
    def letters(cls, value: str) -> str:
        found = [word.lower() for word in watch_words(value)]
        if not found or not all(re.fullmatch("[a-z]{2}", word) for word in found):
            raise ValueError(N_("must be codes of two letters, such as de, us"))
        return ", ".join(found)


class AppStoreFeed(ChannelConnector):
    """One app's reviews in some countries."""

    kind: ClassVar[str] = "app_store_feed"
    label: ClassVar[str] = N_("App Store reviews (feed)")
    about: ClassVar[str] = N_("Reviews of apps in Apple's stores, read without a key. There is no way to answer.")
    group: ClassVar[Group] = Group.REVIEWS
    setup: ClassVar[type[Setup]] = AppStoreFeedSetup
    capabilities: ClassVar[Capabilities] = Capabilities(
        tells_edits=True,
        because={
            "replies": READ_ONLY,
            "acts": N_("Reviews can only be reported in App Store Connect itself."),
            "tells_deletes": N_("The feed does not tell what was deleted."),
        },
    )
    guide: ClassVar[Guide] = Guide(
        (N_("Nothing is needed but the app's address in the App Store and the countries to listen to."),),
        gate=N_("None. Apple shows the last 500 reviews of a country, sometimes hours late."),
    )
    rates: ClassVar[Sequence[Rate]] = (Rate(20, 60),)

    def check(self) -> Account:
        """Read the first page of the first country."""
        with self._open() as api:
            first = self.settings.countries[:2]
            entries = self._entries(api, first, 1)
            name = mapping(_lookup(api, self.settings.app)).get("trackName")
        latest = read_each(entries[:3], lambda entry: [message_of(entry, first, self.settings.app)])
        address = f"https://apps.apple.com/app/id{self.settings.app}"
        return Account(
            one_line(words(name), 200) or f"App {self.settings.app}", self.settings.app, address, latest.messages
        )

    def streams(self) -> Sequence[StreamSpec]:
        """One for each country."""
        return [StreamSpec(f"reviews:{country}", every=1_800) for country in watch_words(self.settings.countries)]

    def poll(self, stream: str, cursor: Mapping[str, Any] | None, since: datetime | None) -> Iterator[Batch]:
        """New and changed reviews, newest first until known; up to ten pages are all there is."""
        known = cursor if cursor and cursor.get("v") == VERSION else {}
        country = stream.partition(":")[2]

        def page(older: str | None) -> Page[Any]:
            number = int(older or 1)
            entries = self._entries(api, country, number, was_there=bool(known))
            found = [(_revision(entry), moment(_label(mapping(entry), "updated")), entry) for entry in entries]
            return Page(found, str(number + 1) if entries and number < PAGES else None)

        def read(entry: Any) -> Sequence[IncomingMessage]:
            message = message_of(entry, country, self.settings.app)
            return () if since and message.posted_at and message.posted_at < since else (message,)

        with self._open() as api:
            for fresh, state in catch_up(page, known, since, shifts=True):
                harvest = read_each(fresh, read, {"country": country})
                yield Batch(harvest.messages, (), harvest.bad, harvest.filtered, {"v": VERSION, **state})

    def reread(self, raw: str) -> Batch:
        """Its country was kept with it."""
        app = self.settings.app
        return read_in_place(raw, lambda entry, place: [message_of(entry, words(place.get("country")), app)])

    def _entries(self, api: JsonApi, country: str, number: int, *, was_there: bool = False) -> list[Any]:
        path = f"/{country}/rss/customerreviews/page={number}/id={self.settings.app}/sortby=mostrecent/json"
        feed = mapping(api.get(path)).get("feed")
        if not isinstance(feed, dict):
            # What was a feed before is more likely away for a moment than for good.
            raise (Passing if was_there else NeedsPerson)(
                N_("Apple shows no reviews of this app in this country; check the app's number.")
            )
        # A single entry comes without a list, none at all without the field; the app itself is no review.
        entries = feed.get("entry") or []
        found = entries if isinstance(entries, list) else [entries]
        return [entry for entry in found if not (isinstance(entry, dict) and "im:name" in entry)]

    def _open(self) -> JsonApi:
        return JsonApi(self.surroundings, SITE)


def message_of(entry: Mapping[str, Any], country: str, app: str) -> IncomingMessage:
    """A review as a message of a conversation of its own. Raises ValueError when it cannot be read."""
    name = _label(entry, "id")
    if not name:
        raise ValueError(N_("it has no id"))
    person = mapping(entry.get("author"))
    author, address = _label(person, "name"), _label(person, "uri")
    stars = _label(entry, "im:rating")
    title = one_line(_label(entry, "title"), 300)
    return IncomingMessage(
        external_id=name,
        thread_id=name,
        text=_label(entry, "content") or title,
        subject=f"{'★' * int(stars)} {title}" if stars in {"1", "2", "3", "4", "5"} else title,
        posted_at=moment(_label(entry, "updated")),
        author=Author((address or author)[:400], name=author) if author else None,
        url=f"https://apps.apple.com/{country}/app/id{app}?see-all=reviews",
        raw=entry,
    )


def _revision(entry: Any) -> str:
    # A review that was rewritten keeps its number and gets another time; it must come again.
    name = _label(mapping(entry), "id")
    return f"{name} {_label(mapping(entry), 'updated')}" if name else name_of(entry)


def _lookup(api: JsonApi, app: str) -> Any:
    found = mapping(api.get("/lookup", {"id": app})).get("results")
    return found[0] if isinstance(found, list) and found else {}


def _label(entry: Mapping[str, Any], name: str) -> str:
    return words(mapping(entry.get(name)).get("label"))
