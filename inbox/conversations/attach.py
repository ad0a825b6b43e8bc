"""Keeps the files of a batch on disk, before the transaction that stores its messages. Called by whoever ingests.

A crash in between leaves a file that nobody names, which `workers/tidy` removes; never a row without its file.
"""

import hashlib
import os
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from inbox.connectors.contract import Batch, IncomingAttachment, IncomingMessage


@dataclass(frozen=True, slots=True)
class KeptAttachment(IncomingAttachment):
    """A file whose bytes, if it came with any, lie in the folder under their SHA-256."""

    sha256: str = ""


def attach(folder: Path, batch: Batch) -> Batch:
    """The same batch, its files written below `folder` and without their bytes. Raises OSError when that fails."""
    if not any(message.attachments for message in batch.messages):
        return batch
    return replace(batch, messages=[_attach(folder, message) for message in batch.messages])


def path_of(folder: Path, sha256: str) -> Path:
    """Where the bytes with this digest lie."""
    return folder / sha256[:2] / sha256


def _attach(folder: Path, message: IncomingMessage) -> IncomingMessage:
    if not message.attachments:
        return message
    return replace(message, attachments=tuple(_keep(folder, file) for file in message.attachments))


def _keep(folder: Path, file: IncomingAttachment) -> KeptAttachment:
    sha256, size = "", file.size_bytes
    if file.content is not None:
        sha256, size = hashlib.sha256(file.content).hexdigest(), len(file.content)
        _write(path_of(folder, sha256), file.content)
    return KeptAttachment(file.name, file.media_type, size, None, file.url, sha256)


def _write(path: Path, content: bytes) -> None:
    if path.exists():
        # A file that is asked for again is young again: tidy spares the young, which may not have their row yet.
        os.utime(path)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as aside:
        aside.write(content)
        aside.flush()
        os.fsync(aside.fileno())
    os.replace(aside.name, path)
