"""A small SMTP server in this process that accepts, refuses, or falls silent where it is told to."""

import contextlib
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class SmtpDouble:
    """What it got and how it answers: `answers` by verb ("MAIL", "RCPT", "DATA", "." for the end of the mail).

    An answer of "hang up" closes the connection instead; at "." the mail may have been taken all the same.
    """

    port: int = 0
    answers: dict[str, str] = field(default_factory=dict)
    extensions: list[str] = field(default_factory=lambda: ["AUTH PLAIN LOGIN", "8BITMIME"])
    mails: list[bytes] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)


@contextmanager
def running_smtp() -> Iterator[SmtpDouble]:
    """The server on a free port."""
    double = SmtpDouble()

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
    server_state: SmtpDouble
    disable_nagle_algorithm = True

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):
            self.talk()

    def talk(self) -> None:
        state = self.server_state
        self.say(state.answers.get("greeting", "220 double ESMTP"))
        while line := self.rfile.readline():
            words = line.decode("utf-8", "replace").rstrip("\r\n")
            verb = words.split(" ")[0].upper().split(":")[0]
            state.heard.append(words)
            answer = state.answers.get(verb) or self.usual(verb)
            if answer == "hang up":
                return
            self.say(answer)
            if verb == "QUIT":
                return
            if verb == "DATA" and answer.startswith("354"):
                content = bytearray()
                while (part := self.rfile.readline()) not in {b".\r\n", b""}:
                    content += part[1:] if part.startswith(b".") else part
                if not part:
                    return
                ending = state.answers.get(".", "250 taken")
                if ending.startswith("250") or ending == "hang up":
                    state.mails.append(bytes(content))
                if ending == "hang up":
                    return
                self.say(ending)

    def usual(self, verb: str) -> str:
        match verb:
            case "EHLO":
                return "\r\n".join([*(f"250-{name}" for name in ("double", *self.server_state.extensions)), "250 HELP"])
            case "AUTH":
                return "235 welcome"
            case "DATA":
                return "354 go on"
            case "QUIT":
                return "221 bye"
            case _:
                return "250 ok"

    def say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")
