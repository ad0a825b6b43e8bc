"""One mailbox over IMAP: folders by their use, messages by UID. Knows nothing of conversations; never marks anything as read."""

import imaplib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from imap_tools.errors import ImapToolsError
from imap_tools.utils import encode_folder

from inbox.clock import as_utc
from inbox.connectors.contract import N_, NeedsPerson, Passing
from inbox.connectors.email_signin import ImapServer, sign_in, sign_out
from inbox.connectors.email_socket import connecting
from inbox.text import one_line

HEAD_BYTES = 60_000
LOOK_BYTES = 5 * 1024 * 1024
# A search answers on one line, which the library reads up to a megabyte; so UIDs are asked for in windows.
WINDOW, WIDEST = 2_000, 65_536

USES = {
    "sent": (
        "\\sent",
        "sent",
        "sent items",
        "sent messages",
        "sent mail",
        "gesendet",
        "gesendete objekte",
        "gesendete elemente",
    ),
    "trash": (
        "\\trash",
        "trash",
        "deleted items",
        "deleted messages",
        "bin",
        "papierkorb",
        "gelöschte elemente",
        "gelöschte objekte",
    ),
    "junk": ("\\junk", "junk", "spam", "junk e-mail", "junk-e-mail", "bulk mail", "spamverdacht", "unerwünscht"),
    "all": ("\\all",),
}
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)", re.IGNORECASE)
_UID = re.compile(rb"\bUID (\d+)", re.IGNORECASE)
_ARRIVED = re.compile(rb'INTERNALDATE "([^"]{10,40})"', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Entered:
    """A folder as it was when it was entered."""

    uidvalidity: int
    next_uid: int
    count: int


@dataclass(frozen=True, slots=True)
class Envelope:
    """What is known of a message before it is fetched."""

    uid: int
    size: int
    arrived_at: datetime | None
    is_deleted: bool


@contextmanager
def open_mailbox(server: ImapServer) -> Iterator["Mailbox"]:
    """Sign in, and out at the end. Whatever goes wrong inside becomes a ConnectorError."""
    host = server.host
    with connecting(host, server.port):
        try:
            box = Mailbox(server)
            try:
                yield box
            finally:
                box.leave()
        except imaplib.IMAP4.abort as error:
            raise Passing(N_("%(host)s hung up (%(told)s).", host=host, told=one_line(str(error), 200))) from error
        except (imaplib.IMAP4.error, ImapToolsError) as error:
            raise Passing(
                N_("%(host)s refused a command: %(told)s", host=host, told=one_line(str(error), 200))
            ) from error
        except (UnicodeError, ValueError) as error:
            raise Passing(
                N_("%(host)s answered something that is no IMAP (%(told)s).", host=host, told=one_line(str(error), 200))
            ) from error


class Mailbox:
    """A signed-in mailbox. Methods raise the errors that `open_mailbox` turns into ConnectorErrors."""

    def __init__(self, server: ImapServer) -> None:
        self.host = server.host
        self._box = sign_in(server)

    def enter(self, folder: str, *, writing: bool = False) -> Entered:
        """Open a folder; read-only unless `writing`, so that looking changes no flag. Raises NeedsPerson when it is not there."""
        client = self._box.client
        answer = client.select(encode_folder(folder).decode(), readonly=not writing)
        if answer[0] != "OK":
            raise NeedsPerson(
                N_(
                    "%(host)s has no folder %(folder)s that can be opened: %(told)s",
                    host=self.host,
                    folder=folder,
                    told=_words(answer[1]),
                )
            )
        number = {name: int(client.response(name)[1][-1] or 0) for name in ("UIDVALIDITY", "UIDNEXT")}
        if not number["UIDNEXT"]:
            number |= self._box.folder.status(folder, ["UIDNEXT"])
        return Entered(number["UIDVALIDITY"], number["UIDNEXT"], int(answer[1][0] or 0))

    def uids(self, criteria: str) -> list[int]:
        """UIDs that match, ascending."""
        data = self._checked(self._box.client.uid("SEARCH", criteria))
        return sorted(int(uid) for line in data if isinstance(line, bytes) for uid in line.split())

    def uids_above(self, uid: int, next_uid: int, count: int, criteria: str = "") -> Iterator[list[int]]:
        """UIDs above `uid` in ascending windows, of a folder that holds `count` messages.

        Without `next_uid` (some servers keep it to themselves) in one.
        """
        if not next_uid:
            # "n:*" always names the last message, even when its UID is below n.
            yield [found for found in self.uids(f"UID {uid + 1}:* {criteria}".strip()) if found > uid]
            return
        # Of so few messages all fit into one answer, however far apart their UIDs are: some servers take the time for one.
        width = WINDOW if count > WIDEST else next_uid
        while uid < next_uid - 1:
            last = min(uid + width, next_uid - 1)
            found = [one for one in self.uids(f"UID {uid + 1}:{last} {criteria}".strip()) if uid < one <= last]
            if found:
                yield found
            width = min(width * 2, WIDEST) if len(found) < WINDOW // 4 else width
            uid = last

    def envelopes(self, uids: Sequence[int]) -> list[Envelope]:
        """Size, arrival and deletion mark of the messages that are still there, by UID."""
        found = {}
        for line in self._checked(self._box.client.uid("FETCH", _set(uids), "(UID RFC822.SIZE INTERNALDATE FLAGS)")):
            if isinstance(line, bytes) and (uid := _UID.search(line)) and (size := _SIZE.search(line)):
                arrived = _ARRIVED.search(line)
                number = int(uid[1])
                found[number] = Envelope(number, int(size[1]), _moment(arrived), b"\\deleted" in line.lower())
        return [found[uid] for uid in uids if uid in found]

    def bodies(self, uids: Sequence[int]) -> dict[int, bytes]:
        """The whole messages, by UID. One that has gone meanwhile is missing."""
        return self._parts(uids, "BODY.PEEK[]") if uids else {}

    def head(self, uid: int) -> bytes:
        """The beginning of a message's headers."""
        return self._parts([uid], f"BODY.PEEK[HEADER]<0.{HEAD_BYTES}>").get(uid, b"")

    def newest(self, entered: Entered, count: int) -> list[tuple[Envelope, bytes]]:
        """The last messages of the entered folder, newest first; without those too large for a look."""
        if not entered.count:
            return []
        numbers = range(max(1, entered.count - count + 1), entered.count + 1)
        lines = self._checked(self._box.client.fetch(_set(numbers), "(UID)"))
        uids = [int(uid[1]) for line in lines if isinstance(line, bytes) and (uid := _UID.search(line))]
        envelopes = [one for one in self.envelopes(sorted(uids)) if one.size <= LOOK_BYTES]
        bodies = self.bodies([one.uid for one in envelopes])
        return [(one, bodies[one.uid]) for one in reversed(envelopes) if one.uid in bodies]

    def find(self, message_id: str) -> list[int]:
        """UIDs in this folder that carry a Message-ID (without brackets) and are not marked as deleted."""
        if not message_id.isascii() or not message_id.isprintable() or len(message_id) > 400:
            return []
        quoted = f"<{message_id}>".replace("\\", "\\\\").replace('"', '\\"')
        return self.uids(f'UNDELETED HEADER Message-ID "{quoted}"')

    def marked(self, uid: int, flag: str) -> bool:
        """Whether a message carries a flag such as "Draft"."""
        lines = self._checked(self._box.client.uid("FETCH", str(uid), "(UID FLAGS)"))
        return any(isinstance(line, bytes) and f"\\{flag}".lower().encode() in line.lower() for line in lines)

    @property
    def keeps_what_it_sends(self) -> bool:
        """Whether this server files sent mail by itself (Gmail does)."""
        return "X-GM-EXT-1" in self._box.client.capabilities

    def folder(self, use: str) -> str | None:
        """The folder with a special use ("sent", "trash", "junk", "all"), by the server's mark or a usual name."""
        folders = self._box.folder.list()
        mark, *names = USES[use]
        for folder in folders:
            if mark in {flag.lower() for flag in folder.flags}:
                return str(folder.name)
        for name in names:
            for folder in folders:
                last = folder.name.rpartition(folder.delim)[2] if folder.delim else folder.name
                if last.lower() == name and "\\noselect" not in {flag.lower() for flag in folder.flags}:
                    return str(folder.name)
        return None

    def append(self, folder: str, content: bytes, flags: Sequence[str]) -> None:
        """Put a message into a folder."""
        self._box.append(content, folder, flag_set=list(flags))

    def flag(self, uid: int, flag: str, *, on: bool) -> None:
        """Set or remove a flag such as "Draft" of a message in the entered folder."""
        self._checked(self._box.client.uid("STORE", str(uid), "+FLAGS" if on else "-FLAGS", f"(\\{flag})"))

    def remove(self, uid: int) -> None:
        """Delete this one message for good, and no other that somebody marked."""
        self.flag(uid, "Deleted", on=True)
        if "UIDPLUS" in self._box.client.capabilities:
            self._checked(self._box.client.uid("EXPUNGE", str(uid)))

    def move(self, uid: int, folder: str) -> None:
        """Move a message of the entered folder into another one."""
        client = self._box.client
        if "MOVE" in client.capabilities:
            self._checked(client.uid("MOVE", str(uid), encode_folder(folder).decode()))
        else:
            self._checked(client.uid("COPY", str(uid), encode_folder(folder).decode()))
            self.remove(uid)

    def leave(self) -> None:
        """Sign out. What goes wrong here changes nothing any more."""
        sign_out(self._box)

    def _parts(self, uids: Sequence[int], part: str) -> dict[int, bytes]:
        found: dict[int, bytes] = {}
        lines = self._checked(self._box.client.uid("FETCH", _set(uids), f"(UID {part})"))
        for number, line in enumerate(lines):
            if not isinstance(line, tuple):
                continue
            # Some servers say the UID behind the text.
            after = lines[number + 1] if number + 1 < len(lines) else b""
            uid = _UID.search(line[0]) or (_UID.search(after) if isinstance(after, bytes) else None)
            if uid:
                found[int(uid[1])] = line[1]
        return found

    def _checked(self, answer: tuple[str, Any]) -> list[bytes | tuple[bytes, bytes] | None]:
        if answer[0] != "OK":
            raise imaplib.IMAP4.error(_words(answer[1]))
        return list(answer[1])


def _moment(found: re.Match[bytes] | None) -> datetime | None:
    try:
        return as_utc(parsedate_to_datetime(found[1].decode("ascii").strip().replace("-", " ", 2))) if found else None
    except (ValueError, TypeError, UnicodeError):
        return None


def _set(uids: Sequence[int]) -> str:
    return ",".join(map(str, uids))


def _words(data: object) -> str:
    parts = data if isinstance(data, list) else [data]
    return one_line(" ".join(part.decode("utf-8", "replace") for part in parts if isinstance(part, bytes)), 200)
