"""Removes files of attachments that no row names any more: left by a crash, or by a message that was deleted."""

import re
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.clock import now
from inbox.conversations.models import Attachment
from inbox.database import among

# A younger file may belong to a batch whose transaction is still to come.
SPARED = timedelta(hours=6)
_DIGEST = re.compile(r"[0-9a-f]{64}")


def forget_files(session: Session, folder: Path) -> int:
    """Delete such files below `folder` and return how many; one sub-folder after another, so memory stays small."""
    removed, oldest = 0, (now() - SPARED).timestamp()
    for part in sorted(folder.iterdir()) if folder.is_dir() else ():
        old = {file.name: file for file in part.iterdir() if file.stat().st_mtime < oldest} if part.is_dir() else {}
        if not old:
            continue
        digests = [name for name in old if _DIGEST.fullmatch(name)]
        named = set(session.scalars(sa.select(Attachment.sha256).where(among(session, Attachment.sha256, digests))))
        for name, file in old.items():
            # What does not look like ours is left alone, but for the beginnings of files that were never finished.
            # Looked at once more, because `attach` makes a file young again that it needs now.
            is_ours = name in digests or name.startswith(".")
            if is_ours and name not in named and file.stat().st_mtime < oldest:
                file.unlink(missing_ok=True)
                removed += 1
    return removed
