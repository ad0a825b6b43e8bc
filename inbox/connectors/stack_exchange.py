"""Stack Overflow and its sister sites: questions under some tags with their answers and comments in; comments out."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

from pydantic import Field, SecretStr, field_validator

from inbox.connectors.contract import (
    N_,
    Account,
    Batch,
    Capabilities,
    ChannelConnector,
    Deletion,
    Guide,
    IncomingMessage,
    Known,
    NeedsPerson,
    OutcomeUnknown,
    OutgoingReply,
    Rate,
    Receipt,
    Refused,
    Setup,
    StreamSpec,
)
from inbox.connectors.json_api import mapping, text_of
from inbox.connectors.lenient import unix_moment, words
from inbox.connectors.read_each import name_of, read_each
from inbox.connectors.stack_exchange_api import StackExchangeApi
from inbox.connectors.stack_exchange_read import id_in, message_of
from inbox.connectors.walk_since import Slice, walk_since
from inbox.connectors.watch_words import watch_words
from inbox.text import plain_from_html

VERSION = 1
PAGE = 100
MOST_PAGES = 50
SHORTEST, LIMIT = 15, 600
AHEAD = timedelta(minutes=10)  # their clock may be behind ours
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
        name = re.sub(r"^https?://|(\.stackexchange)?\.com/?$", "", value.lower())
        if not re.fullmatch(r"[a-z0-9.-]{2,60}", name):
            raise ValueError(N_("is not a site of Stack Exchange"))
        return name

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
    setup: ClassVar[type[Setup]] = StackExchangeSetup
    capabilities: ClassVar[Capabilities] = Capabilities(
        replies=True,
        tells_edits=True,
        tells_deletes=True,
        watches=True,
        text_limit=LIMIT,
        refetches=PAGE,
        because={"acts": N_("Stack Exchange is moderated by its communities; programs may not.")},
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
            us = api.ask_site("/me", {})[0] if self._token else []
        if self._token and not us:
            raise NeedsPerson("The access token belongs to nobody on this site; make another one.")
        memory = self.surroundings.memory
        memory.save({**memory.load(), "our_id": mapping(us[0]).get("user_id") if us else None})
        latest = read_each(items, lambda item: [message_of(item, our_id=0, thread_id="")]).messages
        name = f"{self.settings.site}: {self.settings.tags}"[:200]
        return Account(
            name, self.settings.site, f"https://{_host(self.settings.site)}/questions/tagged/{first}", latest
        )

    def describe(self) -> Capabilities:
        """Read only without a token."""
        if self._token:
            return self.capabilities
        because = {**self.capabilities.because, "replies": N_("Commenting needs an access token.")}
        return replace(self.capabilities, replies=False, because=because)

    def streams(self) -> Sequence[StreamSpec]:
        """One for each tag."""
        return [StreamSpec(f"tag:{tag}", every=600) for tag in watch_words(self.settings.tags)]

    def poll(self, stream: str, cursor: Mapping[str, Any] | None, since: datetime | None) -> Iterator[Batch]:
        """Questions in which something happened, oldest first, with all that was written below them since the last look."""
        known = cursor if cursor and cursor.get("v") == VERSION else {}
        tag = stream.partition(":")[2]
        our_id = int(self.surroundings.memory.load().get("our_id") or 0)

        def page(start: datetime | None, further: str | None) -> Slice[Any]:
            query = {"tagged": tag, "sort": "activity", "order": "asc", "page": further or "1", "pagesize": PAGE}
            least = {"min": int(start.timestamp())} if start else {}
            items, has_more = api.ask_site("/questions", {**query, **least})
            dated = [(name_of(q, "question_id"), unix_moment(mapping(q).get("last_activity_date")), q) for q in items]
            return Slice(dated, str(int(further or 1) + 1) if has_more else None)

        def read(item: Any) -> Sequence[IncomingMessage]:
            message = message_of(item, our_id=our_id, thread_id=threads.get(id_in(item), ""))
            return () if since and message.posted_at and message.posted_at < since else (message,)

        with self._open() as api:
            for fresh, state in walk_since(page, known, since):
                answers = self._below(api, "questions", fresh, "question_id", "answers")
                threads = {id_in(item): f"q:{text_of(mapping(item).get('question_id'))}" for item in answers}
                comments = self._below(api, "questions", fresh, "question_id", "comments")
                comments += self._below(api, "answers", answers, "answer_id", "comments")
                for item in comments:
                    post = text_of(mapping(item).get("post_id"))
                    threads[id_in(item)] = threads.get(f"a:{post}", f"q:{post}")
                harvest = read_each([*fresh, *answers, *comments], read)
                yield Batch(harvest.messages, (), harvest.bad, harvest.filtered, {"v": VERSION, **state})

    def refetch(self, known: Sequence[Known]) -> Batch:
        """Questions, answers and comments, each kind with one call."""
        messages: list[IncomingMessage] = []
        our_id = int(self.surroundings.memory.load().get("our_id") or 0)
        found: set[str] = set()
        threads = {each.external_id: each.thread_id for each in known}
        with self._open() as api:
            for kind, plural in PLURAL.items():
                numbers = [each.external_id[2:] for each in known if each.external_id.startswith(f"{kind}:")]
                if numbers:
                    items, _ = api.ask_site(f"/{plural}/{';'.join(numbers)}", {"pagesize": PAGE})
                    for item in items:
                        name = id_in(item)
                        found.add(name)
                        messages.append(message_of(item, our_id=our_id, thread_id=threads.get(name, "")))
        return Batch(messages, [Deletion(each.external_id) for each in known if each.external_id not in found])

    def validate(self, reply: OutgoingReply) -> None:
        """Too short or too long for a comment, or without a token."""
        if not self._token:
            raise Refused("Commenting needs an access token in the channel's settings.")
        if not SHORTEST <= len(reply.text.strip()) <= LIMIT:
            raise Refused(f"A comment on Stack Exchange has {SHORTEST} to {LIMIT} characters.")

    def send(self, reply: OutgoingReply) -> Receipt:
        """A comment below the question or answer that is meant."""
        self.validate(reply)
        post = _number(reply.parent_handle, "post_id")
        with self._open() as api:
            sent = api.write(f"/posts/{post}/comments/add", {"body": reply.text})
        if not text_of(sent.get("comment_id")):
            raise OutcomeUnknown("Stack Exchange does not say what became of the comment; it may have been accepted.")
        return Receipt(f"c:{sent['comment_id']}", words(sent.get("link")))

    def find_sent(self, reply: OutgoingReply) -> Receipt | None:
        """Look below the post for our own words."""
        our_id = int(self.surroundings.memory.load().get("our_id") or 0)
        post = _number(reply.parent_handle, "post_id")
        with self._open() as api:
            items, _ = api.ask_site(f"/posts/{post}/comments", {"sort": "creation", "order": "desc", "pagesize": PAGE})
        for item in items:
            comment = mapping(item)
            at = unix_moment(comment.get("creation_date"))
            is_ours = mapping(comment.get("owner")).get("user_id") == our_id
            is_later = not (reply.created_at and at) or at > reply.created_at - AHEAD
            if is_ours and is_later and _core(plain_from_html(words(comment.get("body")))) == _core(reply.text):
                return Receipt(id_in(comment), words(comment.get("link")))
        return None

    def _below(self, api: StackExchangeApi, above: str, items: Iterable[Any], field: str, kind: str) -> list[Any]:
        """All answers or comments below these posts."""
        numbers = [number for item in items if isinstance(number := mapping(item).get(field), int)]
        found: list[Any] = []
        for start in range(0, len(numbers), PAGE):
            part, page, has_more = ";".join(map(str, numbers[start : start + PAGE])), 1, True
            while has_more and page <= MOST_PAGES:
                query = {"sort": "creation", "order": "asc", "pagesize": PAGE, "page": page}
                more, has_more = api.ask_site(f"/{above}/{part}/{kind}", query)
                found += more
                page += 1
        return found

    @property
    def _token(self) -> str:
        return str(self.settings.access_token.get_secret_value())

    def _open(self) -> StackExchangeApi:
        return StackExchangeApi(self.settings.site, self.settings.key, self._token, self.surroundings)


def _host(site: str) -> str:
    return (
        f"{site}.com"
        if site in {"stackoverflow", "superuser", "serverfault", "askubuntu"}
        else f"{site}.stackexchange.com"
    )


def _core(text: str) -> str:
    return "".join(c for c in text if c.isalnum()).casefold()


def _number(handle: Mapping[str, Any], name: str) -> int:
    value = handle.get(name)
    if not isinstance(value, int):
        raise Refused("The message does not say what it is about; it cannot be answered or acted on here.")
    return value
