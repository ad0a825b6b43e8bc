"""A real mail server of our own: Postfix takes mail on a free port and gives it to Dovecot, both Debian's, state in a temp folder."""

import imaplib
import os
import pwd
import shutil
import signal
import smtplib
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

PASSWORD = "hunter2"
DOMAINS = ("brand.test", "fan.test")
DOVECOT = """
base_dir = {state}/run
state_dir = {state}/state
protocols = imap lmtp
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
log_path = {state}/dovecot.log
mail_location = maildir:{state}/mail/%d/%n
first_valid_uid = 8
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid=mail gid=mail home={state}/mail/%d/%n allow_all_users=yes
}}
namespace inbox {{
  inbox = yes
{namespace}
{folders}
}}
{more}
service imap-login {{
  inet_listener imap {{
    address = 127.0.0.1
    port = {imap_port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service lmtp {{
  unix_listener {state}/lmtp {{
    mode = 0666
  }}
}}
service auth {{
  unix_listener {state}/auth {{
    mode = 0666
  }}
}}
"""
FOLDER = """  mailbox {name} {{
    special_use = \\{name}
    auto = subscribe
  }}"""
MODERN = "  separator = /"
# As many a shared host still has it: folders below the inbox, without marks, and neither MOVE nor a way to expunge one mail.
OLD = "  separator = .\n  prefix = INBOX."
OLD_FOLDER = """  mailbox {name} {{
    auto = subscribe
  }}"""
OLD_WORDS = """protocol imap {
  imap_capability = IMAP4rev1 SASL-IR LITERAL+ ID
}
"""
POSTFIX = """
compatibility_level = 3.6
queue_directory = {state}/spool
data_directory = {state}/postfix-data
mail_owner = postfix
setgid_group = postdrop
myhostname = mx.brand.test
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
mydestination =
virtual_mailbox_domains = {domains}
virtual_transport = lmtp:unix:{state}/lmtp
default_transport = error:5.7.1 nothing leaves this machine
relay_transport = error:5.7.1 nothing leaves this machine
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {state}/auth
message_size_limit = 62914560
mailbox_size_limit = 0
virtual_mailbox_limit = 0
maillog_file = {state}/postfix.log
maillog_file_prefixes = {state}
alias_maps =
alias_database =
biff = no
"""
# Name, type, private, seconds between wake-ups, most processes, command: what a mail from SMTP to LMTP passes.
PROCESSES = (
    ("127.0.0.1:{smtp_port}", "inet", "n", "-", "-", "smtpd"),
    ("cleanup", "unix", "n", "-", "0", "cleanup"),
    ("qmgr", "unix", "n", "300", "1", "qmgr"),
    ("rewrite", "unix", "-", "-", "-", "trivial-rewrite"),
    ("bounce", "unix", "-", "-", "0", "bounce"),
    ("defer", "unix", "-", "-", "0", "bounce"),
    ("trace", "unix", "-", "-", "0", "bounce"),
    ("proxymap", "unix", "-", "-", "-", "proxymap"),
    ("error", "unix", "-", "-", "-", "error"),
    ("retry", "unix", "-", "-", "-", "error"),
    ("lmtp", "unix", "-", "-", "-", "lmtp"),
    ("anvil", "unix", "-", "-", "1", "anvil"),
    ("postlog", "unix-dgram", "n", "-", "1", "postlogd"),
)


class NoMailServer(Exception):
    """Why no mail server can be started here."""


@dataclass(frozen=True)
class MailServer:
    """Any name at brand.test or fan.test has a mailbox with PASSWORD."""

    smtp_port: int
    imap_port: int
    state: Path

    def deliver(self, message: EmailMessage | bytes, sender: str, recipient: str) -> None:
        """Hand a mail in from outside, as another mail server would."""
        with smtplib.SMTP("127.0.0.1", self.smtp_port, local_hostname="localhost") as line:
            content = message if isinstance(message, bytes) else message.as_bytes()
            line.sendmail(sender, [recipient], content)

    def lies_in(self, address: str, folder: str) -> list[str]:
        """The Message-IDs of what is shown in a folder of somebody's mailbox, to whom it is not marked as deleted."""
        with imaplib.IMAP4("127.0.0.1", self.imap_port, timeout=10) as line:
            line.login(address, PASSWORD)
            line.select(folder, readonly=True)
            _word, (numbers,) = line.search(None, "UNDELETED")
            if not numbers:
                return []
            _word, found = line.fetch(numbers.replace(b" ", b",").decode(), "(BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])")
        headers = [part[1] for part in found if isinstance(part, tuple)]
        return [header.decode().partition("<")[2].partition(">")[0] for header in headers]


@contextmanager
def running_mail_server(*, old: bool = False) -> Iterator[MailServer]:
    """A fresh pair of servers, one of them with `old` habits if wished, stopped and removed at the end. Raises NoMailServer with the reason when there can be none."""
    missing = [name for name in ("postfix", "dovecot", "doveadm") if not shutil.which(name, path=_path())]
    if missing:
        raise NoMailServer(f"{' and '.join(missing)} not installed (Debian: postfix dovecot-imapd dovecot-lmtpd)")
    if os.geteuid() != 0:
        raise NoMailServer("Postfix only starts as root")
    state = Path(tempfile.mkdtemp(prefix="trellis-mail-"))
    server = MailServer(_free_port(), _free_port(), state)
    try:
        _write(server, old=old)
        _run("dovecot", "-c", f"{state}/dovecot.conf")
        _run("postfix", "-c", f"{state}/postfix", "start")
        for port in (server.imap_port, server.smtp_port):
            _wait_for(port, state)
        yield server
    finally:
        # Their own stop commands wait for helpers that a half-started server does not have.
        for pid_file in (state / "spool/pid/master.pid", state / "run/master.pid"):
            _end(pid_file)
        shutil.rmtree(state, ignore_errors=True)


def _write(server: MailServer, *, old: bool) -> None:
    state = server.state
    # The servers run as other users, who must be able to walk in here.
    state.chmod(0o755)
    for name, owner in (
        ("mail", "mail"),
        ("postfix-data", "postfix"),
        ("spool", None),
        ("run", None),
        ("postfix", None),
    ):
        (state / name).mkdir()
        if owner:
            account = pwd.getpwnam(owner)
            os.chown(state / name, account.pw_uid, account.pw_gid if owner == "mail" else 0)
    folders = "\n".join((OLD_FOLDER if old else FOLDER).format(name=name) for name in ("Junk", "Trash", "Sent"))
    values = {"state": state, "password": PASSWORD, "folders": folders, "domains": ", ".join(DOMAINS)}
    values |= {"namespace": OLD if old else MODERN, "more": OLD_WORDS if old else ""}
    values |= {"imap_port": server.imap_port, "smtp_port": server.smtp_port}
    (state / "dovecot.conf").write_text(DOVECOT.format(**values))
    (state / "postfix" / "main.cf").write_text(POSTFIX.format(**values))
    lines = [
        f"{name.format(**values)} {kind} {private} - n {wakes} {most} {command}\n"
        for name, kind, private, wakes, most, command in PROCESSES
    ]
    (state / "postfix" / "master.cf").write_text("".join(lines))


def _end(pid_file: Path) -> None:
    try:
        pid = int(pid_file.read_text())
        for sign, seconds in ((signal.SIGTERM, 5.0), (signal.SIGKILL, 1.0)):
            os.kill(pid, sign)
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                os.kill(pid, 0)
                time.sleep(0.05)
    except (OSError, ValueError):
        return  # it is gone, or has never been


def _run(*command: str) -> None:
    # A daemon keeps what it inherits, so reading its output to the end would wait for the daemon's own end.
    with tempfile.TemporaryFile() as said:
        environment = {**os.environ, "PATH": _path()}
        done = subprocess.run(
            command, check=False, stdin=subprocess.DEVNULL, stdout=said, stderr=said, timeout=30, env=environment
        )
        if done.returncode:
            said.seek(0)
            raise NoMailServer(f"{command[0]} does not start: {said.read().decode(errors='replace').strip()[-500:]}")


def _path() -> str:
    return f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, state: Path) -> None:
    until = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > until:
                log = state / "postfix.log"
                said = log.read_text()[-500:] if log.exists() else ""
                raise NoMailServer(f"nobody answers on port {port}: {said}") from None
            time.sleep(0.1)
