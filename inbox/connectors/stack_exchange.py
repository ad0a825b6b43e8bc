"""Stack Overflow and its sister sites: questions under some tags with their answers and comments in; comments out."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar, Self
from urllib.parse import quote

from pydantic import Field, SecretStr, field_validator, model_validator

from inbox.connectors.contract import (
    N_,
    Account,
    Batch,
    Capabilities,
    ChannelConnector,
    Deletion,
    Group,
    Guide,
    IncomingMessage,
    Known,
    Metric,
    NeedsPerson,
    OutcomeUnknown,
    OutgoingReply,
    Rate,
    Receipt,
    Refused,
    Setup,
    StreamSpec,
)
from inbox.connectors.handles import number_in
from inbox.connectors.json_api import mapping, text_of
from inbox.connectors.our_answer import is_our_answer
from inbox.connectors.read_each import Place, read_each, read_in_place
from inbox.connectors.stack_exchange_api import StackExchangeApi
from inbox.connectors.stack_exchange_poll import VERSION, poll_tag
from inbox.connectors.stack_exchange_read import host_of, id_in, message_of, read_placed
from inbox.connectors.watch_words import watch_words

PAGE = 100
SHORTEST, LIMIT = 15, 600
PLURAL = {"q": "questions", "a": "answers", "c": "comments"}


class StackExchangeSetup(Setup):
    """A site, some tags, and keys as far as there are any."""

    site: str = Field("stackoverflow", title=N_("Site"), description=N_("For example stackoverflow or meta.askubuntu."))
    tags: str = Field(title=N_("Tags"), description=N_("Separate several with commas."), min_length=1, max_length=500)
    key: str = Field(
        "", title=N_("API key"), description=N_("Without one Stack Exchange answers 300 times a day."), max_length=100
    )
    access_token: SecretStr = Field(
        SecretStr(""),
        title=N_("Access token"),
        description=N_("Only needed to comment; with write_access and no_expiry."),
    )

    @field_validator("site")
    @classmethod
    def a_site(cls, value: str) -> str:
        name = re.sub(r"^https?://|/$|(\.stackexchange)?\.com/?$", "", value.lower())
        if not re.fullmatch(r"[a-z0-9.-]{2,60}", name):
            raise ValueError(N_("is not a site of Stack Exchange"))
        return name

    @model_validator(mode="after")
    def a_key_for_the_token(self) -> Self:
        if self.access_token.get_secret_value() and not self.key:
            raise ValueError(N_("An access token works only with the API key of its app."))
        return self

    @field_validator("tags")
    @classmethod
    def some_tags(cls, value: str) -> str:
        found = [word.lower() for word in watch_words(value)]
        if not found or not all(re.fullmatch(r"[a-z0-9#+.-]{1,35}", word) for word in found):
            raise ValueError(N_("must be tags, such as python, flask"))
        return ", ".join(found)


class StackExchange(ChannelConnector):
    """Some tags on one site."""

    kind: ClassVar[str] = "stack_exchange"
    label: ClassVar[str] = "Stack Exchange"
    about: ClassVar[str] = N_("Questions under chosen tags with their answers and comments; answered by comment.")
    group: ClassVar[Group] = Group.FORUM
    setup: ClassVar[type[Setup]] = StackExchangeSetup
    capabilities: ClassVar[Capabilities] = Capabilities(
        replies=True,
        tells_edits=True,
        threads=True,
        watches=True,
        text_limit=LIMIT,
        refetches=PAGE,
        metrics=frozenset({Metric.VIEWS, Metric.POINTS, Metric.REPLIES}),
        because={
            "acts": N_("Stack Exchange is moderated by its communities; programs may not."),
            "tells_deletes": N_("Its lists do not tell; messages are asked for again later, and then it shows."),
        },
    )
    guide: ClassVar[Guide] = Guide(
        (
            N_("Reading needs nothing but the tags. For more than 300 calls a day: stackapps.com/apps/oauth/register; copy the key."),
            N_("To comment: an access token of that app with the scopes write_access and no_expiry, of an account with at "
               "least 50 reputation on the site."),
        ),
        gate=N_("None to read. What people wrote is under CC BY-SA: name them and link to it when it is quoted."),
        page="https://api.stackexchange.com/docs",
    )  # fmt: skip
    rates: ClassVar[Sequence[Rate]] = (Rate(25, 1),)

    def check(self) -> Account:
        """Look for the first tag's newest questions; sign in where there is a token."""
        first = watch_words(self.settings.tags)[0]
        query = {"tagged": first, "sort": "activity", "order": "desc", "pagesize": 3}
        with self._open() as api:
            items = api.ask_site("/questions", query)[0]
            our_id = self._us(api, anew=True) if self._token else 0
        site = self.settings.site
        latest = read_each(items, lambda item: [message_of(item, our_id=our_id, thread_id="", site=site)]).messages
        address = f"https://{host_of(site)}/questions/tagged/{quote(first, safe='')}"
        return Account(f"{site}: {self.settings.tags}"[:200], site, address, latest)

    def describe(self) -> Capabilities:
        """Read only without a token."""
        if self._token:
            return self.capabilities
        because = {**self.capabilities.because, "replies": N_("Commenting needs an access token.")}
        return replace(self.capabilities, replies=False, because=because)

    def streams(self) -> Sequence[StreamSpec]:
        """One for each tag; seldom where only 300 calls a day are free."""
        every = 600 if self.settings.key else 3_600
        return [StreamSpec(f"tag:{tag}", every=every) for tag in watch_words(self.settings.tags)]

    def poll(self, stream: str, cursor: Mapping[str, Any] | None, since: datetime | None) -> Iterator[Batch]:
        """Questions in which something happened, with all below them; once an hour, new comments on the latest hundred."""
        known = cursor if cursor and cursor.get("v") == VERSION else {}
        with self._open() as api:
            yield from poll_tag(api, stream.partition(":")[2], self._known_id, known, since)

    def refetch(self, known: Sequence[Known]) -> Batch:
        """Questions, answers and comments, each kind with one call."""
        asked = [each for each in known if re.fullmatch(r"[qac]:\d{1,18}", each.external_id)]
        threads = {each.external_id: each.thread_id for each in asked}
        site, our_id = self.settings.site, self._known_id

        def place(item: Any) -> Place:
            return {"thread": threads.get(id_in(item), "")}

        def read(item: Any) -> Sequence[IncomingMessage]:
            return [read_placed(item, place(item), our_id=our_id, site=site)]

        items: list[Any] = []
        with self._open() as api:
            for kind, plural in PLURAL.items():
                numbers = [each.external_id[2:] for each in asked if each.external_id.startswith(f"{kind}:")]
                if numbers:
                    items += api.ask_site(f"/{plural}/{';'.join(numbers)}", {"pagesize": PAGE})[0]
        harvest = read_each(items, read, place)
        there = set(map(id_in, items))
        gone = [Deletion(each.external_id) for each in asked if each.external_id not in there]
        return Batch(harvest.messages, gone, harvest.bad)

    def reread(self, raw: str) -> Batch:
        """What it answers was kept with it."""
        our_id, site = self._known_id, self.settings.site
        return read_in_place(raw, lambda item, place: [read_placed(item, place, our_id=our_id, site=site)])

    def validate(self, reply: OutgoingReply) -> None:
        """Too short or too long for a comment, or without a token."""
        if not self._token:
            raise Refused(N_("Commenting needs an access token in the channel's settings."))
        if not SHORTEST <= len(reply.text.strip()) <= LIMIT:
            raise Refused(
                N_(
                    "A comment on Stack Exchange has %(shortest)s to %(limit)s characters.",
                    shortest=SHORTEST,
                    limit=LIMIT,
                )
            )

    def send(self, reply: OutgoingReply) -> Receipt:
        """A comment below the question or answer that is meant."""
        self.validate(reply)
        post = number_in(reply.parent_handle, "post_id")
        with self._open() as api:
            sent = api.write(f"/posts/{post}/comments/add", {"body": reply.text})
        if not text_of(sent.get("comment_id")):
            raise OutcomeUnknown(
                N_("Stack Exchange does not say what became of the comment; it may have been accepted.")
            )
        return self._receipt(sent)

    def find_sent(self, reply: OutgoingReply) -> Receipt | None:
        """Look below the post for our own words."""
        post, site = number_in(reply.parent_handle, "post_id"), self.settings.site
        query = {"sort": "creation", "order": "desc", "pagesize": PAGE}
        with self._open() as api:
            our_id = self._us(api)
            items, _ = api.ask_site(f"/posts/{post}/comments", query)
        for item in items:
            harvest = read_each([item], lambda raw: [message_of(raw, our_id=our_id, thread_id="", site=site)])
            if any(is_our_answer(comment, reply) for comment in harvest.messages):
                return self._receipt(mapping(item))
        return None

    def _receipt(self, comment: Mapping[str, Any]) -> Receipt:
        number, post = text_of(comment.get("comment_id")), text_of(comment.get("post_id"))
        return Receipt(f"c:{number}", f"https://{host_of(self.settings.site)}/q/{post}#comment{number}_{post}")

    @property
    def _known_id(self) -> int:
        found = self.surroundings.memory.load().get("our_id")
        return found if isinstance(found, int) else 0

    def _us(self, api: StackExchangeApi, *, anew: bool = False) -> int:
        """Whose token it is. Raises NeedsPerson when it is nobody's on this site."""
        if self._known_id and not anew:
            return self._known_id
        found = mapping(next(iter(api.ask_site("/me", {}, signed=True)[0]), None)).get("user_id")
        if not isinstance(found, int):
            raise NeedsPerson(
                N_("The access token belongs to nobody on this site; join the site, or make another one.")
            )
        memory = self.surroundings.memory
        memory.save({**memory.load(), "our_id": found})
        return found

    @property
    def _token(self) -> str:
        return str(self.settings.access_token.get_secret_value())

    def _open(self) -> StackExchangeApi:
        return StackExchangeApi(self.settings.site, self.settings.key, self._token, self.surroundings)
