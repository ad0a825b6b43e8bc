"""Files of messages: written once, before their row, and removed when no row names them."""

import os
import time
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from inbox.connectors.contract import Deletion, IncomingAttachment
from inbox.conversations.attach import attach, path_of
from inbox.conversations.forget_files import forget_files
from inbox.conversations.ingest import ingest
from tests.incoming import batch_of, written
from tests.making import make_channel

LONG_AGO = time.time() - 86_400


def with_file(key: str, content: bytes) -> object:
    return written(key, attachments=(IncomingAttachment(f"{key}.txt", content=content),))


def files(folder: Path) -> set[bytes]:
    return {file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def age(folder: Path) -> None:
    for file in folder.rglob("*"):
        os.utime(file, (LONG_AGO, LONG_AGO))


def test_the_same_bytes_are_kept_once(tmp_path: Path) -> None:
    batch = attach(tmp_path, batch_of(with_file("1", b"leaf"), with_file("2", b"leaf"), with_file("3", b"")))  # type: ignore[arg-type]
    assert files(tmp_path) == {b"leaf", b""}
    assert [message.attachments[0].content for message in batch.messages] == [None] * 3
    assert path_of(tmp_path, batch.messages[0].attachments[0].sha256).is_file()  # type: ignore[attr-defined]


def test_a_batch_without_files_is_passed_through(tmp_path: Path) -> None:
    batch = batch_of(written("1"))
    assert attach(tmp_path / "none", batch) is batch
    assert not (tmp_path / "none").exists()


def test_a_name_from_outside_leads_nowhere(tmp_path: Path) -> None:
    evil = IncomingAttachment("../../../etc/passwd", "text/html\r\nX: y", content=b"root")
    attach(tmp_path / "files", batch_of(written("1", attachments=(evil,))))
    assert [file.relative_to(tmp_path).parts[0] for file in tmp_path.rglob("*") if file.is_file()] == ["files"]


def test_only_old_files_without_a_message_are_forgotten(session: Session, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    channel = make_channel(session)
    ingest(session, channel, "m", attach(folder, batch_of(with_file("1", b"kept"), with_file("2", b"deleted"))))  # type: ignore[arg-type]
    attach(folder, batch_of(with_file("3", b"crashed")))  # type: ignore[arg-type]
    (folder / "ab").mkdir(exist_ok=True)
    (folder / "ab" / ".unfinished").write_bytes(b"half")
    (folder / "ab" / "README").write_bytes(b"not ours")
    ingest(session, channel, "m", batch_of(deletions=[Deletion("2")]))
    assert forget_files(session, folder) == 0
    age(folder)
    attach(folder, batch_of(with_file("4", b"young")))  # type: ignore[arg-type]
    assert forget_files(session, folder) == 3
    assert files(folder) == {b"kept", b"young", b"not ours"}
    assert forget_files(session, folder / "absent") == 0


def test_a_file_that_comes_again_is_young_again(tmp_path: Path) -> None:
    batch = batch_of(with_file("1", b"leaf"))  # type: ignore[arg-type]
    attach(tmp_path, batch)
    age(tmp_path)
    attach(tmp_path, batch)
    assert all(file.stat().st_mtime > LONG_AGO + 3600 for file in tmp_path.rglob("*") if file.is_file())


def test_a_full_disk_is_told_before_anything_is_stored(tmp_path: Path) -> None:
    blocked = tmp_path / "files"
    blocked.write_text("a file where the folder should be")
    with pytest.raises(OSError, match="files"):
        attach(blocked, batch_of(with_file("1", b"leaf")))  # type: ignore[arg-type]
