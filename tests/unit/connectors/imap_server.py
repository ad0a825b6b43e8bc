"""A small IMAP server in this process, with as much of the protocol as a mailbox connector speaks, and with bad manners on demand."""

import contextlib
import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

PASSWORD = "hunter2"


@dataclass
class Stored:
    """One message of a folder."""

    uid: int
    content: bytes
    arrived_at: datetime
    flags: set[str] = field(default_factory=set)
    claimed_size: int | None = None


@dataclass
class Folder:
    """A folder with its own counting."""

    use: str = ""
    uidvalidity: int = 7
    next_uid: int = 1
    messages: list[Stored] = field(default_factory=list)

    def add(self, content: bytes, arrived_at: datetime | None = None, flags: set[str] | None = None) -> Stored:
        stored = Stored(self.next_uid, content, arrived_at or datetime.now(UTC), flags or set())
        self.next_uid += 1
        self.messages.append(stored)
        return stored


@dataclass
class ImapDouble:
    """What the server holds and how it behaves. `heard` lists the commands it got, without passwords."""

    port: int = 0
    folders: dict[str, Folder] = field(default_factory=dict)
    capabilities: str = "IMAP4rev1 UIDPLUS MOVE SPECIAL-USE"
    tells_next_uid: bool = True
    hangs_up_at: str = ""
    vanishing: set[int] = field(default_factory=set)
    uid_behind: bool = False
    heard: list[str] = field(default_factory=list)

    @property
    def inbox(self) -> Folder:
        return self.folders["INBOX"]


@contextmanager
def running_imap() -> Iterator[ImapDouble]:
    """The server on a free port, with the usual folders."""
    double = ImapDouble(
        folders={"INBOX": Folder(), "Sent": Folder("\\Sent"), "Trash": Folder("\\Trash"), "Junk": Folder("\\Junk")}
    )

    class Session(_Session):
        server_state = double

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session) as server:
        server.daemon_threads = True
        double.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield double
        server.shutdown()
        thread.join(5)


class _Session(socketserver.StreamRequestHandler):
    server_state: ImapDouble
    disable_nagle_algorithm = True

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):
            self.talk()

    def talk(self) -> None:
        self.folder: Folder | None = None
        self.is_in = False
        self.say(b"* OK ready")
        while line := self.rfile.readline():
            tag, _, rest = line.rstrip(b"\r\n").partition(b" ")
            words = rest.decode("utf-8", "replace")
            state = self.server_state
            state.heard.append("LOGIN" if words.startswith("LOGIN") else words)
            if state.hangs_up_at and state.hangs_up_at in words:
                return
            if words == "LOGOUT":
                self.say(b"* BYE", tag + b" OK bye")
                return
            try:
                answer = self.do(words)
            except (KeyError, ValueError) as error:
                answer = f"NO {error}"
            self.say(tag + b" " + answer.encode())

    def say(self, *lines: bytes) -> None:
        for line in lines:
            self.wfile.write(line + b"\r\n")

    def do(self, words: str) -> str:
        state = self.server_state
        verb, _, rest = words.partition(" ")
        if verb == "UID":
            verb, _, rest = rest.partition(" ")
            verb = f"UID {verb}"
        match verb:
            case "CAPABILITY":
                # As Dovecot does: who is not let in yet learns little.
                self.say(b"* CAPABILITY " + (state.capabilities if self.is_in else "IMAP4rev1").encode())
            case "LOGIN":
                if f'"{PASSWORD}"' not in rest:
                    return "NO [AUTHENTICATIONFAILED] Authentication failed."
                self.is_in = True
            case "LIST":
                for name, folder in state.folders.items():
                    self.say(f'* LIST (\\HasNoChildren {folder.use}) "/" "{name}"'.encode())
            case "SELECT" | "EXAMINE":
                self.folder = state.folders[rest.strip('"')]
                self.say(f"* {len(self.folder.messages)} EXISTS".encode(), b"* 0 RECENT")
                self.say(f"* OK [UIDVALIDITY {self.folder.uidvalidity}] x".encode())
                if state.tells_next_uid:
                    self.say(f"* OK [UIDNEXT {self.folder.next_uid}] x".encode())
                return f"OK [READ-{'ONLY' if verb == 'EXAMINE' else 'WRITE'}] done"
            case "STATUS":
                name = rest.partition(" (")[0].strip('"')
                self.say(f'* STATUS "{name}" (UIDNEXT {state.folders[name].next_uid})'.encode())
            case "UID SEARCH":
                found = " ".join(str(one.uid) for one in self.search(re.sub(r"^CHARSET \S+ ", "", rest)))
                self.say(f"* SEARCH {found}".rstrip().encode())
            case "FETCH":
                numbers, _, _ = rest.partition(" ")
                for number in map(int, numbers.split(",")):
                    self.say(f"* {number} FETCH (UID {self.messages[number - 1].uid})".encode())
            case "UID FETCH":
                self.fetch(rest)
            case "UID STORE":
                uid, sign, flag = rest.split(" ", 2)
                for one in self.within(uid):
                    flags = set(flag.strip("()").split())
                    one.flags = one.flags | flags if sign[0] == "+" else one.flags - flags
            case "UID EXPUNGE":
                gone = [one for one in self.within(rest) if "\\Deleted" in one.flags]
                self.current.messages = [one for one in self.messages if one not in gone]
            case "UID COPY" | "UID MOVE":
                uid, _, name = rest.partition(" ")
                target = state.folders[name.strip('"')]
                for one in self.within(uid):
                    target.add(one.content, one.arrived_at, set(one.flags))
                    if verb == "UID MOVE":
                        self.messages.remove(one)
            case "APPEND":
                found = re.fullmatch(r'"?([^"]+?)"? (?:\(([^)]*)\) )?(?:"[^"]*" )?\{(\d+)\}', rest)
                assert found, rest
                folder = state.folders[found[1]]
                self.say(b"+ go on")
                content = self.rfile.read(int(found[3]))
                self.rfile.readline()
                folder.add(content, flags=set((found[2] or "").split()))
            case _:
                return "BAD unknown command"
        return "OK done"

    @property
    def current(self) -> Folder:
        if self.folder is None:
            raise ValueError("nothing is selected")
        return self.folder

    @property
    def messages(self) -> list[Stored]:
        return self.current.messages

    def within(self, uids: str) -> list[Stored]:
        wanted: list[Stored] = []
        for part in uids.split(","):
            low, colon, high = part.partition(":")
            if high == "*":
                # The trap: "n:*" also means "*:n", so the last message is always in it.
                last = max((one.uid for one in self.messages), default=0)
                bounds = sorted((int(low), last))
            else:
                bounds = [int(low), int(high) if colon else int(low)]
            wanted += [one for one in self.messages if bounds[0] <= one.uid <= bounds[1]]
        return wanted

    def search(self, criteria: str) -> list[Stored]:
        found = list(self.messages)
        if uids := re.search(r"\bUID (\S+)", criteria):
            found = self.within(uids[1])
        if "UNDELETED" in criteria:
            found = [one for one in found if "\\Deleted" not in one.flags]
        if since := re.search(r"SINCE (\S+)", criteria):
            day = datetime.strptime(since[1], "%d-%b-%Y").replace(tzinfo=UTC)
            found = [one for one in found if one.arrived_at.replace(hour=0, minute=0) >= day - timedelta(hours=12)]
        if header := re.search(r'HEADER Message-ID "((?:[^"\\]|\\.)*)"', criteria):
            wanted = re.sub(r"\\(.)", r"\1", header[1]).encode()
            found = [one for one in found if wanted in one.content.split(b"\n\n")[0].split(b"\r\n\r\n")[0]]
        return found

    def fetch(self, rest: str) -> None:
        uids, _, parts = rest.partition(" ")
        for one in self.within(uids):
            number = self.messages.index(one) + 1
            if "BODY.PEEK[]" in parts:
                if one.uid in self.server_state.vanishing:
                    continue
                self.literal(number, one.uid, "BODY[]", one.content)
            elif "BODY.PEEK[HEADER]" in parts:
                self.literal(number, one.uid, "BODY[HEADER]<0>", one.content.partition(b"\n\n")[0])
            else:
                arrived = one.arrived_at.strftime("%d-%b-%Y %H:%M:%S +0000")
                size = one.claimed_size if one.claimed_size is not None else len(one.content)
                self.say(
                    f'* {number} FETCH (UID {one.uid} RFC822.SIZE {size} INTERNALDATE "{arrived}" FLAGS ({" ".join(one.flags)}))'.encode()
                )

    def literal(self, number: int, uid: int, part: str, content: bytes) -> None:
        before, after = (b"", f" UID {uid}".encode()) if self.server_state.uid_behind else (f"UID {uid} ".encode(), b"")
        self.say(f"* {number} FETCH (".encode() + before + f"{part} {{{len(content)}}}".encode())
        self.wfile.write(content)
        self.say(after + b")")
