"""E-mail: one mailbox, read over IMAP and answered over SMTP. Looking never marks anything as read."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Literal

from pydantic import Field, SecretStr, field_validator

from inbox.connectors.contract import (
    N_,
    Account,
    Act,
    ActName,
    Batch,
    Capabilities,
    ChannelConnector,
    ConnectorError,
    Gone,
    Group,
    Guide,
    IncomingMessage,
    NeedsPerson,
    OutcomeUnknown,
    OutgoingReply,
    Receipt,
    Refused,
    Setup,
    StreamSpec,
    Surroundings,
)
from inbox.connectors.email_imap import Mailbox, open_mailbox
from inbox.connectors.email_poll import RAW_KEPT, poll_folder, read_one
from inbox.connectors.email_sent import Copy, begin_copy, finish_copy, look_for_copy
from inbox.connectors.email_signin import ImapServer
from inbox.connectors.mime import message_ids, read_mail
from inbox.connectors.smtp import Mail, SmtpServer, check_server, compose, hand_over, message_id

INBOX = "inbox"
LATEST = 3
TEXT_LIMIT = 100_000
Security = Literal["ssl", "starttls", "none"]
_RE = re.compile(r"^\s*((re|aw|antw|wg|fwd?)\s*(\[\d+\])?\s*:\s*)+", re.IGNORECASE)


class EmailSetup(Setup):
    """A mailbox and the two servers that hold it. User name and password of SMTP are those of IMAP unless given."""

    address: str = Field(title=N_("E-mail address"), max_length=320)
    sender_name: str = Field(
        "", title=N_("Sender name"), description=N_("What people see as the sender."), max_length=100
    )
    imap_host: str = Field(title=N_("IMAP server"), max_length=255)
    imap_port: int = Field(993, title=N_("IMAP port"), ge=1, le=65535)
    imap_security: Security = Field("ssl", title=N_("IMAP security"))
    user: str = Field("", title=N_("User name"), description=N_("Empty: the e-mail address."), max_length=320)
    password: SecretStr = Field(title=N_("Password"), description=N_("Some providers want an app password here."))
    folder: str = Field("INBOX", title=N_("Folder"), min_length=1, max_length=300)
    smtp_host: str = Field(title=N_("SMTP server"), max_length=255)
    smtp_port: int = Field(587, title=N_("SMTP port"), ge=1, le=65535)
    smtp_security: Security = Field("starttls", title=N_("SMTP security"))
    smtp_user: str = Field("", title=N_("SMTP user name"), description=N_("Empty: as for IMAP."), max_length=320)
    smtp_password: SecretStr = Field(SecretStr(""), title=N_("SMTP password"), description=N_("Empty: as for IMAP."))

    @field_validator("address")
    @classmethod
    def is_address(cls, value: str) -> str:
        if not re.fullmatch(r"[^\s@<>,;:\"()]{1,64}@[^\s@<>,;:\"()]{1,255}", value):
            raise ValueError(N_("is not an e-mail address"))
        return value

    @field_validator("imap_host", "smtp_host")
    @classmethod
    def is_host(cls, value: str) -> str:
        if not re.fullmatch(r"[\w.:-]+", value):
            raise ValueError(N_("is not the name of a server"))
        return value

    @field_validator("sender_name", "user", "folder", "smtp_user")
    @classmethod
    def is_one_line(cls, value: str) -> str:
        if not value.isprintable():
            raise ValueError(N_("has characters that cannot be used here"))
        return value

    @field_validator("password", "smtp_password")
    @classmethod
    def is_sendable(cls, value: SecretStr) -> SecretStr:
        # A line break in a password would be read as another command.
        if any(ord(character) < 32 for character in value.get_secret_value()):
            raise ValueError(N_("has characters that cannot be used here"))
        return value


class Email(ChannelConnector):
    """One mailbox."""

    kind: ClassVar[str] = "email"
    label: ClassVar[str] = N_("E-mail")
    about: ClassVar[str] = N_("Reads a mailbox over IMAP and answers over SMTP. Nothing in it is marked as read.")
    group: ClassVar[Group] = Group.MAIL
    setup: ClassVar[type[Setup]] = EmailSetup
    capabilities: ClassVar[Capabilities] = Capabilities(
        replies=True,
        tells_failures=True,
        acts=frozenset({ActName.DELETE, ActName.MARK_SPAM}),
        undoable=frozenset({ActName.DELETE, ActName.MARK_SPAM}),
        text_limit=TEXT_LIMIT,
        because={
            "tells_edits": N_("A mail cannot be edited once it has been sent."),
            "threads": N_("A mail quotes what it answers."),
            "tells_deletes": N_("Deleting a mail in the mailbox says nothing about the conversation."),
            ActName.BLOCK: N_("Mail servers offer no way to block a sender from here."),
        },
    )
    guide: ClassVar[Guide] = Guide(
        (
            N_("Ask your mail provider's help pages for the names of its IMAP and SMTP servers."),
            N_("Where signing in takes a second step, make an app password there and use it here."),
        ),
        gate=N_("Providers that allow no passwords at all (Microsoft 365) cannot be connected."),
    )

    def __init__(self, settings: EmailSetup, surroundings: Surroundings) -> None:
        self._settings = settings
        self._address = settings.address.lower()
        user, password = settings.user or settings.address, settings.password.get_secret_value()
        private, seconds = surroundings.allow_private_addresses, surroundings.timeout_seconds
        self._imap = ImapServer(
            settings.imap_host, settings.imap_port, settings.imap_security, user, password, private, seconds
        )
        self._smtp = SmtpServer(
            settings.smtp_host,
            settings.smtp_port,
            settings.smtp_security,
            settings.smtp_user or user,
            settings.smtp_password.get_secret_value() or password,
            private,
            seconds,
        )

    @property
    def system_mailbox(self) -> tuple[SmtpServer, str, str]:
        """Server, sender's name and address, for digests and notices that leave through this mailbox."""
        return self._smtp, self._settings.sender_name, self._settings.address

    def check(self) -> Account:
        """Sign in at both servers; the account is the address, with the newest mails of the folder."""
        with open_mailbox(self._imap) as box:
            entered = box.enter(self._settings.folder)
            read = [read_one(one, body, {self._address}) for one, body in box.newest(entered, LATEST)]
        check_server(self._smtp)
        latest = [message for message in read if isinstance(message, IncomingMessage)]
        return Account(name=self._settings.address, external_id=self._address, latest=latest)

    def streams(self) -> Sequence[StreamSpec]:
        """The folder."""
        return (StreamSpec(INBOX, every=60),)

    def poll(self, stream: str, cursor: Mapping[str, Any] | None, since: datetime | None) -> Iterator[Batch]:
        """Mails above the last UID, in batches of bounded size; all since `since` when the server counts anew."""
        if stream != INBOX:
            raise Refused(N_("%(stream)s is not a stream of a mailbox.", stream=stream))
        with open_mailbox(self._imap) as box:
            yield from poll_folder(box, self._settings.folder, cursor, since, {self._address})

    def receive(self, headers: Mapping[str, str], body: bytes) -> Batch:
        """Mailboxes are polled. Raises Refused."""
        raise Refused(N_("A mailbox takes no deliveries over the web."))

    def reread(self, raw: str) -> Batch:
        """A quarantined mail. Raises ValueError; also when only its beginning was kept."""
        if len(raw) >= RAW_KEPT or not re.split(r"\r?\n\r?\n", raw, maxsplit=1)[-1].strip():
            raise ValueError(N_("Only the beginning of this mail was kept; it is still in the mailbox."))
        # Whether our address in it is true could only be seen in the mailbox.
        return Batch((read_mail(raw.encode("utf-8", "surrogateescape")),))

    def send(self, reply: OutgoingReply) -> Receipt:
        """Answer in the thread, and keep a copy in the sent folder. A mail that has left already is not sent again."""
        mail = self._mail(reply)
        sent_id, content = message_id(mail.key, mail.from_address), compose(mail)
        if begin_copy(self._imap, sent_id, content) is not Copy.SENT:
            try:
                hand_over(self._smtp, mail.from_address, mail.to, content)
            except OutcomeUnknown as error:
                raise OutcomeUnknown(error.sentence, external_id=sent_id) from error
            except ConnectorError:
                finish_copy(self._imap, sent_id, has_left=False)
                raise
            finish_copy(self._imap, sent_id, has_left=True)
        return Receipt(external_id=sent_id)

    def find_sent(self, reply: OutgoingReply) -> Receipt | None:
        """Look for the copy. Raises OutcomeUnknown when there is no sent folder, or the copy is still a draft."""
        sent_id = message_id(reply.key, self._settings.address)
        match look_for_copy(self._imap, sent_id):
            case Copy.SENT:
                return Receipt(external_id=sent_id)
            case Copy.DRAFT:
                raise OutcomeUnknown(
                    N_("The connection broke while the mail was handed over; nobody knows whether it left."),
                    external_id=sent_id,
                )
            case _:
                return None

    def act(self, act: Act) -> Receipt:
        """Move the mail to trash or junk, or (undo) back to where it was."""
        uses = {ActName.DELETE: "trash", ActName.MARK_SPAM: "junk"}
        if act.name not in uses:
            return super().act(act)
        with open_mailbox(self._imap) as box:
            home = str(act.handle.get("folder") or self._settings.folder)
            away = str(act.undo_state.get("away") or "") or box.folder(uses[act.name])
            if not away:
                raise NeedsPerson(
                    N_(
                        "%(address)s has no folder for it; create one called %(folder)s.",
                        address=self._settings.address,
                        folder=uses[act.name].title(),
                    )
                )
            source, target = (away, home) if act.undo else (home, away)
            if not self._move(box, act.handle, source, target):
                raise Gone(
                    N_("The mail is neither in %(source)s nor in %(target)s any more.", source=source, target=target)
                )
        return Receipt(state={"home": home, "away": away})

    def _mail(self, reply: OutgoingReply) -> Mail:
        if self.length(reply.text) > TEXT_LIMIT:
            raise Refused(
                N_(
                    "The answer has %(length)s characters; a mail may have %(limit)s.",
                    length=self.length(reply.text),
                    limit=TEXT_LIMIT,
                )
            )
        handle = reply.parent_handle
        to = str(handle.get("reply_to") or handle.get("from") or "")
        if not to:
            raise Refused(N_("The mail names no sender, so there is nobody to answer."))
        if to.lower() == self._address:
            raise Refused(N_("The mail came from this very mailbox; an answer would go round in circles."))
        subject = _RE.sub("", reply.subject or str(handle.get("subject") or ""))
        answered = str(handle.get("message_id") or "")
        listed = handle.get("references") or []
        references = [one for one in (*listed, answered) if message_ids(f"<{one}>") == [one]]
        headers = {"References": " ".join(f"<{one}>" for one in dict.fromkeys(references))} if references else {}
        if answered and answered in references:
            headers["In-Reply-To"] = f"<{answered}>"
        return Mail(
            key=reply.key,
            to=to,
            subject=f"Re: {subject}".strip(),
            text=reply.text,
            headers=headers,
            from_name=self._settings.sender_name,
            from_address=self._settings.address,
        )

    def _move(self, box: Mailbox, handle: Mapping[str, Any], source: str, target: str) -> bool:
        sought = str(handle.get("message_id") or "")
        entered = box.enter(source, writing=True)
        found = box.find(sought) if sought else []
        if (
            not found
            and handle.get("uid")
            and handle.get("uidvalidity") == entered.uidvalidity
            and source == handle.get("folder")
        ):
            found = box.uids(f"UID {int(handle['uid'])}")
        for uid in found:
            box.move(uid, target)
        if found:
            return True
        box.enter(target)
        return bool(sought and box.find(sought))
