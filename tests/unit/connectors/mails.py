"""Mails and mailboxes for the tests of the e-mail connector."""

from datetime import UTC, datetime
from typing import Any

from inbox.connectors.contract import Batch, IncomingMessage, OutgoingReply
from inbox.connectors.email import Email
from tests.unit.connectors.imap_server import Folder

DAY = datetime(2026, 11, 12, 8, 0, tzinfo=UTC)


def written(number: int, text: str = "Hello", headers: str = "") -> bytes:
    return f"From: Fan <fan@fan.test>\nSubject: S{number}\nMessage-ID: <m{number}@fan.test>\n{headers}\n{text}".encode()


def ids(batches: list[Batch]) -> list[str]:
    return [message.external_id for batch in batches for message in batch.messages]


def shown(folder: Folder) -> list[bytes]:
    return [one.content for one in folder.messages if "\\Deleted" not in one.flags]


def polled(box: Email, cursor: Any = None, since: datetime | None = None) -> tuple[list[Batch], Any]:
    batches = list(box.poll("inbox", cursor, since))
    return batches, batches[-1].cursor if batches else cursor


def reply_to(message: IncomingMessage, **changes: Any) -> OutgoingReply:
    values = {
        "key": "delivery-1",
        "text": "Kommt!",
        "thread_id": message.thread_id,
        "parent_id": message.external_id,
        "parent_handle": message.reply_handle,
    }
    return OutgoingReply(**(values | changes))
