"""Inbound webhook: any program may post messages here as JSON, signed by Standard Webhooks; docs/webhook.md has the whole form.

One message `{"id": "c-17", "text": "Hello", "author": {"id": "u-3", "name": "Ana"}, "thread": "t-9", "posted_at": "2026-11-21T08:00:00Z"}`
or `{"messages": [ … ]}`. `text` (or `html`) is needed; `{"id": "c-17", "deleted": true}` says that a message is gone.
A reply is posted to `callback_url`, signed with the same secret.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Self

import httpx
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator

from inbox.clock import as_utc, now
from inbox.connectors.contract import (
    N_,
    Account,
    Act,
    Author,
    BadItem,
    Batch,
    Capabilities,
    ChannelConnector,
    Deletion,
    Group,
    Guide,
    IncomingAttachment,
    IncomingMessage,
    OutcomeUnknown,
    OutgoingReply,
    Receipt,
    Refused,
    Setup,
    StreamSpec,
    Visibility,
)
from inbox.connectors.http import open_client, submit
from inbox.connectors.read_each import dumped, name_of, read_again, unread
from inbox.connectors.webhook_signature import key_of, new_secret, sign, verify
from inbox.text import plain_from_html

BODY_LIMIT = 8 * 1024 * 1024
MESSAGES_AT_ONCE = 1_000
TEXT_LIMIT = 100_000


class WebhookSetup(Setup):
    """A shared secret, and where replies go."""

    secret: SecretStr = Field(
        SecretStr(""),
        title=N_("Secret"),
        description=N_("Begins with whsec_. Programs sign with it."),
    )
    callback_url: str = Field(
        "",
        title=N_("Address for replies"),
        description=N_("Replies are posted there, signed with the secret. Leave it empty if nobody can be answered."),
        max_length=2_000,
    )

    @field_validator("secret")
    @classmethod
    def known_form(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value():
            key_of(value.get_secret_value())
        return value

    @model_validator(mode="after")
    def with_secret(self) -> Self:
        if not self.secret.get_secret_value():
            self.secret = SecretStr(new_secret())
        return self

    @field_validator("callback_url")
    @classmethod
    def web_address(cls, value: str) -> str:
        if not value:
            return value
        try:
            url = httpx.URL(value)
        except httpx.InvalidURL:
            raise ValueError(N_("is not a web address")) from None
        if url.scheme not in {"http", "https"} or not url.host:
            raise ValueError(N_("is not a web address"))
        return value


class _Writer(BaseModel):
    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)

    id: str = Field("", max_length=500)
    handle: str = Field("", max_length=300)
    name: str = Field("", max_length=300)
    avatar_url: str = Field("", max_length=2_000)
    profile_url: str = Field("", max_length=2_000)


class _File(BaseModel):
    model_config = ConfigDict(extra="ignore")

    name: str = Field("attachment", max_length=300)
    url: str = Field(max_length=2_000, pattern=r"^https?://")
    media_type: str = Field("application/octet-stream", max_length=200)


class _Message(BaseModel):
    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)

    id: str = Field("", max_length=500)
    thread: str = Field("", max_length=500)
    parent: str = Field("", max_length=500)
    text: str = Field("", max_length=TEXT_LIMIT)
    html: str | None = Field(None, max_length=500_000)
    subject: str = Field("", max_length=1_000)
    url: str = Field("", max_length=2_000, pattern=r"^(https?://.*)?$")
    author: _Writer | None = None
    posted_at: datetime | None = None
    edited_at: datetime | None = None
    language: str = Field("", max_length=8)
    visibility: Visibility = Visibility.PUBLIC
    attachments: list[_File] = Field(default_factory=list, max_length=20)
    deleted: bool = False

    @model_validator(mode="after")
    def says_something(self) -> Self:
        if self.deleted and not self.id:
            raise ValueError(N_("a deleted message needs its id"))
        if not self.deleted and not self.text.strip() and not (self.html or "").strip() and not self.attachments:
            raise ValueError(N_("text or html is missing"))
        return self


class Webhook(ChannelConnector):
    """One address where programs of the house post messages."""

    kind: ClassVar[str] = "webhook"
    label: ClassVar[str] = "Webhook"
    about: ClassVar[str] = N_("Any program posts signed messages to an address of yours.")
    group: ClassVar[Group] = Group.MAIL
    setup: ClassVar[type[Setup]] = WebhookSetup
    capabilities: ClassVar[Capabilities] = Capabilities(
        polls=False,
        receives=True,
        replies=True,
        tells_edits=True,
        tells_deletes=True,
        text_limit=TEXT_LIMIT,
        because={"acts": N_("The program that posts here decides about its own messages.")},
    )
    guide: ClassVar[Guide] = Guide(
        (
            N_("Copy the secret from this form into your program: it is not shown again."),
            N_("Connect the channel; its page then shows the address."),
            N_("Let your program post messages to that address, signed with the secret."),
        ),
        page="https://www.standardwebhooks.com/",
    )

    def check(self) -> Account:
        """Nothing can be asked; messages come when they come."""
        return Account("Webhook", url=self.settings.callback_url)

    def streams(self) -> Sequence[StreamSpec]:
        """None: it is never polled."""
        return ()

    def poll(self, stream: str, cursor: Mapping[str, Any] | None, since: datetime | None) -> Iterator[Batch]:
        """Nothing: messages are posted here."""
        return iter(())

    def receive(self, headers: Mapping[str, str], body: bytes) -> Batch:
        """One delivery. A wrong message among several is a BadItem; a wrong one alone is refused, so that its sender knows."""
        if len(body) > BODY_LIMIT:
            size = BODY_LIMIT // 1_048_576
            raise Refused(N_("The body is larger than %(size)s MB; send fewer messages at once.", size=size))
        name = verify(self.settings.secret.get_secret_value(), headers, body, now())
        try:
            content = json.loads(body)
        except (ValueError, RecursionError):
            raise Refused(N_("The body is not JSON.")) from None
        if not isinstance(content, dict):
            raise Refused(N_('The body must be one message or {"messages": […]}.'))
        if "messages" not in content:
            try:
                return _sorted([_read(content, name)])
            except ValidationError as error:
                raise Refused(N_("The message cannot be read: %(reason)s.", reason=unread(error))) from None
        items = content["messages"]
        if not isinstance(items, list) or len(items) > MESSAGES_AT_ONCE:
            raise Refused(N_('"messages" must be a list of at most %(limit)s.', limit=MESSAGES_AT_ONCE))
        found: list[IncomingMessage | Deletion | BadItem] = []
        for number, item in enumerate(items):
            try:
                # The id of the delivery stays the same when it is repeated, so a message without its own is known again.
                found.append(_read(item, f"{name}#{number}"))
            except ValidationError as error:
                found.append(BadItem(unread(error), dumped(item), name_of(item)))
        return _sorted(found)

    def reread(self, raw: str) -> Batch:
        """A message of the quarantine, read anew."""
        return read_again(
            raw, lambda item: [one for one in [_read(item, name_of(item))] if isinstance(one, IncomingMessage)]
        )

    def validate(self, reply: OutgoingReply) -> None:
        """Too long, or empty; there must be somewhere to send it, and something it answers."""
        super().validate(reply)
        if not self.settings.callback_url:
            raise Refused(N_("This webhook has no address for replies; give it one in its settings."))
        if not reply.parent_id:
            raise Refused(N_("The message does not say what to answer."))

    def send(self, reply: OutgoingReply) -> Receipt:
        """Post the reply to the callback address; its `webhook-id` stays the same when it is sent again."""
        self.validate(reply)
        content = {
            "type": "reply",
            "id": reply.key,
            "text": reply.text,
            "thread": reply.thread_id,
            "parent": reply.parent_id,
            "subject": reply.subject,
            "author": {"name": reply.author_name},
            "language": reply.language,
            "posted_at": as_utc(reply.created_at or now()).isoformat(),
        }
        body = json.dumps(content, ensure_ascii=True).encode()
        headers = {
            "Content-Type": "application/json",
            **sign(self.settings.secret.get_secret_value(), reply.key, now(), body),
        }
        allow = self.surroundings.allow_private_addresses
        with open_client(allow_private=allow, timeout_seconds=self.surroundings.timeout_seconds) as client:
            response = submit(
                client, "POST", self.settings.callback_url, content=body, headers=headers, limit=1_048_576
            )
        try:
            answer = json.loads(response.content)
        except (ValueError, RecursionError):
            answer = {}
        answer = answer if isinstance(answer, dict) else {}
        url = str(answer.get("url") or "")
        return Receipt(str(answer.get("id") or reply.key)[:500], url if url.startswith(("https://", "http://")) else "")

    def find_sent(self, reply: OutgoingReply) -> Receipt | None:
        """It cannot be asked for."""
        raise OutcomeUnknown(N_("A webhook cannot be asked what it got; look at the other program."))

    def act(self, act: Act) -> Receipt:
        """There is nothing to act on."""
        raise Refused(N_("The program that posts here decides about its own messages."))


def _read(item: Any, name: str) -> IncomingMessage | Deletion:
    given = _Message.model_validate(item)
    if given.deleted:
        return Deletion(given.id, as_utc(given.edited_at) if given.edited_at else None)
    external_id = given.id or name
    writer = given.author
    key = (writer.id or writer.handle or writer.name) if writer else ""
    return IncomingMessage(
        external_id=external_id,
        thread_id=given.thread or given.parent or external_id,
        parent_id=given.parent,
        text=given.text if given.text.strip() else plain_from_html(given.html or ""),
        html=given.html,
        subject=given.subject,
        url=given.url,
        posted_at=as_utc(given.posted_at) if given.posted_at else None,
        edited_at=as_utc(given.edited_at) if given.edited_at else None,
        language=given.language,
        visibility=given.visibility,
        author=Author(key, writer.handle, writer.name, _web(writer.avatar_url), _web(writer.profile_url))
        if writer and key
        else None,
        attachments=tuple(IncomingAttachment(file.name, file.media_type, url=file.url) for file in given.attachments),
        reply_handle={"id": external_id, "thread": given.thread},
        raw=item,
    )


def _sorted(found: Sequence[IncomingMessage | Deletion | BadItem]) -> Batch:
    return Batch(
        messages=[entry for entry in found if isinstance(entry, IncomingMessage)],
        deletions=[entry for entry in found if isinstance(entry, Deletion)],
        bad=[entry for entry in found if isinstance(entry, BadItem)],
    )


def _web(url: str) -> str:
    return url if url.startswith(("https://", "http://")) else ""
