"""Builds one mail and hands it to a mail server once. Used by the e-mail channel, ideas by e-mail, digests and notices."""

import base64
import hashlib
import re
import smtplib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr
from urllib.parse import unquote, urlsplit

from inbox.clock import now
from inbox.connectors.contract import (
    N_,
    ConnectorError,
    NeedsPerson,
    OutcomeUnknown,
    Passing,
    RateLimited,
    Receipt,
    Refused,
    Sentence,
)
from inbox.connectors.email_socket import connecting, open_socket, secure
from inbox.text import one_line, storable

TEXT_LIMIT = 200_000
_SECURITY = {"smtp": "none", "smtp+starttls": "starttls", "smtps": "ssl"}
_PORTS = {"none": 25, "starttls": 587, "ssl": 465}
_OURS = {"from", "to", "cc", "bcc", "subject", "date", "message-id", "mime-version", "sender", "return-path"}
_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[^\s@<>,;:\"()\[\]\\]{1,255}")
_PATIENCE = re.compile(r"too many|rate limit|quota|try again later|throttl|5\.4\.5|4\.7\.28", re.IGNORECASE)
_GREYLISTED_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mail leaves. `security` is "ssl", "starttls" or "none"; without a user nobody signs in."""

    host: str
    port: int
    security: str = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    allow_private: bool = True
    timeout_seconds: float = 20.0


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail to one person. `key` is stable over attempts and makes the Message-ID; `images` are (cid, type, bytes)."""

    key: str
    to: str
    subject: str
    text: str
    html: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    from_name: str = ""
    from_address: str = ""
    images: Sequence[tuple[str, str, bytes]] = ()


def server_from_url(url: str, *, timeout_seconds: float = 20.0) -> SmtpServer:
    """The server named by smtp://, smtp+starttls:// or smtps://user:password@host:port. Raises ValueError for anything else."""
    parts = urlsplit(url)
    security = _SECURITY.get(parts.scheme)
    if security is None or not parts.hostname:
        raise ValueError(N_("must look like smtp+starttls://user:password@host:587"))
    port = parts.port or _PORTS[security]
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return SmtpServer(parts.hostname, port, security, user, password, timeout_seconds=timeout_seconds)


def send_mail(server: SmtpServer, mail: Mail) -> Receipt:
    """Send `mail` once. Raises OutcomeUnknown when the server had all of it and did not answer, else another ConnectorError."""
    sent_id = message_id(mail.key, mail.from_address)
    try:
        hand_over(server, mail.from_address, mail.to, compose(mail))
    except OutcomeUnknown as error:
        raise OutcomeUnknown(error.sentence, external_id=sent_id) from error
    return Receipt(external_id=sent_id)


def message_id(key: str, address: str) -> str:
    """The Message-ID, without brackets, of the mail with this key from this address: always the same."""
    host = _ascii_address(address).rpartition("@")[2]
    return f"trellis.{hashlib.sha256(key.encode()).hexdigest()[:32]}@{host}"


def compose(mail: Mail) -> bytes:
    """The mail as it goes over the wire. Raises Refused for an address that is none; no value can add a header."""
    body = EmailMessage(policy=SMTP)
    body.set_content(storable(mail.text, TEXT_LIMIT), cte="quoted-printable")
    if mail.html:
        body.add_alternative(mail.html, subtype="html", cte="quoted-printable")
        page = body.get_payload(1)
        assert isinstance(page, EmailMessage)
        for cid, media_type, content in mail.images:
            main, _, sub = media_type.partition("/")
            page.add_related(
                content,
                main,
                sub,
                cid=f"<{_token(cid)}>",
                disposition="inline",
                filename=f"{_token(cid)}.{_token(sub)}",
            )
    sender, recipient = _ascii_address(mail.from_address), _ascii_address(mail.to)
    headers = [
        ("Message-ID", f"<{message_id(mail.key, sender)}>"),
        ("Date", format_datetime(now())),
        ("From", _mailbox(mail.from_name, sender)),
        ("To", recipient),
        ("Subject", _words("Subject", mail.subject or "–")),
        *((name, _words(name, value)) for name, value in mail.headers.items() if _may_add(name)),
    ]
    # The library's own folding encodes long Message-IDs and addresses of pages, which no mail program then reads.
    return b"".join(f"{name}: {value}\r\n".encode("ascii") for name, value in headers) + body.as_bytes()


def check_server(server: SmtpServer) -> None:
    """Sign in and leave again. Raises ConnectorError."""
    with _signed_in(server):
        pass


def hand_over(server: SmtpServer, sender: str, recipient: str, content: bytes) -> None:
    """Give a finished mail to the server. Up to its last byte a failure means that nothing was sent."""
    sender, recipient = _ascii_address(sender), _ascii_address(recipient)
    with _signed_in(server) as line:
        _expect(
            server,
            line.mail(sender),
            {250},
            NeedsPerson,
            N_("%(host)s does not accept mail from %(address)s", host=server.host, address=sender),
        )
        _expect(
            server,
            line.rcpt(recipient),
            {250, 251},
            Refused,
            N_("%(host)s does not accept mail to %(address)s", host=server.host, address=recipient),
        )
        _expect(server, line.docmd("DATA"), {354}, Refused, N_("%(host)s does not accept the mail", host=server.host))
        lines = content.replace(b"\r\n", b"\n").split(b"\n")
        line.send(b"\r\n".join(b"." + one if one.startswith(b".") else one for one in lines))
        try:
            line.send(b"\r\n.\r\n")
            answer = line.getreply()
        except (smtplib.SMTPException, OSError) as error:
            raise OutcomeUnknown(
                N_("%(host)s got the mail and did not say whether it took it.", host=server.host)
            ) from error
        if answer[0] == -1:
            raise OutcomeUnknown(N_("%(host)s got the mail and answered something that is no SMTP.", host=server.host))
        _expect(server, answer, {250}, Refused, N_("%(host)s does not accept the mail", host=server.host))


@contextmanager
def _signed_in(server: SmtpServer) -> Iterator[smtplib.SMTP]:
    line = smtplib.SMTP(local_hostname="localhost", timeout=server.timeout_seconds)
    try:
        with connecting(server.host, server.port):
            try:
                _greet(server, line)
                if server.user:
                    _sign_in(server, line)
                yield line
            except smtplib.SMTPServerDisconnected as error:
                raise Passing(N_("%(host)s hung up.", host=server.host)) from error
            except (smtplib.SMTPException, UnicodeError) as error:
                raise Passing(N_("%(host)s answered something that is no SMTP.", host=server.host)) from error
        # The mail is through; a server that does not say goodbye properly changes nothing.
        line.putcmd("QUIT")
    except smtplib.SMTPServerDisconnected:
        pass
    finally:
        line.close()


def _greet(server: SmtpServer, line: smtplib.SMTP) -> None:
    plain = open_socket(
        server.host, server.port, allow_private=server.allow_private, timeout_seconds=server.timeout_seconds
    )
    line.sock = plain
    name = plain.getsockname()[0]
    line.local_hostname = f"[IPv6:{name}]" if ":" in name else f"[{name}]"
    if server.security == "ssl":
        line.sock = secure(plain, server.host)
    _expect(server, line.getreply(), {220}, Passing, N_("%(host)s does not want to talk", host=server.host))
    line.ehlo_or_helo_if_needed()
    if server.security == "starttls":
        if not line.has_extn("starttls"):
            raise NeedsPerson(
                N_(
                    "%(host)s offers no STARTTLS on port %(port)s; check port and security.",
                    host=server.host,
                    port=server.port,
                )
            )
        _expect(server, line.docmd("STARTTLS"), {220}, Passing, N_("%(host)s cannot encrypt now", host=server.host))
        line.sock = secure(plain, server.host)
        # What was said before the encryption may have been said by somebody else.
        line.file, line.helo_resp, line.ehlo_resp, line.esmtp_features = None, None, None, {}
        line.does_esmtp = False
        line.ehlo_or_helo_if_needed()


def _sign_in(server: SmtpServer, line: smtplib.SMTP) -> None:
    if not line.has_extn("auth"):
        raise NeedsPerson(
            N_(
                "%(host)s lets nobody sign in on port %(port)s; check port and security.",
                host=server.host,
                port=server.port,
            )
        )
    what = N_("%(host)s does not accept user name and password of %(account)s", host=server.host, account=server.user)
    if f"{server.user}{server.password}".isascii():
        try:
            line.login(server.user, server.password)
        except smtplib.SMTPAuthenticationError as error:
            _expect(server, (error.smtp_code, error.smtp_error), set(), NeedsPerson, what)
        except smtplib.SMTPNotSupportedError as error:
            raise NeedsPerson(N_("%(host)s knows no way to sign in that we know.", host=server.host)) from error
        return
    # The library knows only ASCII here; passwords with umlauts exist.
    secret = base64.b64encode(f"\0{server.user}\0{server.password}".encode()).decode()
    _expect(server, line.docmd("AUTH", f"PLAIN {secret}"), {235}, NeedsPerson, what)


def _expect(
    server: SmtpServer, answer: tuple[int, bytes | str], good: set[int], kind: type[ConnectorError], what: Sentence
) -> None:
    code, words = answer
    if code in good:
        return
    words = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    told = N_("%(what)s: %(code)s %(told)s", what=what, code=code, told=one_line(words, 300))
    if _PATIENCE.search(words):
        raise RateLimited(told, retry_after=3600.0 if code >= 500 else _GREYLISTED_SECONDS)
    if code == 530:
        raise NeedsPerson(told)
    if code == 421 or 400 <= code < 500 or code < 0:
        raise Passing(told, retry_after=_GREYLISTED_SECONDS)
    raise kind(told)


def _ascii_address(address: str) -> str:
    """The address with its domain in ASCII. Raises Refused when it is none."""
    found = _ADDRESS.fullmatch(address.strip())
    local, _, domain = address.strip().rpartition("@")
    try:
        whole = f"{local}@{domain.encode('idna').decode()}"
    except UnicodeError:
        found = None
    if not found or not local.isascii() or not local.isprintable():
        told = N_("“%(address)s” is not an address that mail can be sent to.", address=one_line(address, 100))
        raise Refused(told)
    return whole


def _mailbox(name: str, address: str) -> str:
    name = one_line(name, 60)
    return (
        formataddr((name, address))
        if name.isascii()
        else f"{Header(name, 'utf-8').encode(linesep=chr(13) + chr(10))} <{address}>"
    )


def _words(name: str, value: str) -> str:
    value = one_line(value, 30_000)
    if not value.isascii():
        return Header(one_line(value, 500), "utf-8", header_name=name).encode(linesep="\r\n")
    folded, width = "", len(name) + 2
    for number, word in enumerate(value.split(" ")):
        breaks = number > 0 and width + len(word) > 76
        folded += ("\r\n " if breaks else " " if number else "") + word
        width = (1 if breaks else width + 1) + len(word)
    return folded


def _may_add(name: str) -> bool:
    return (
        bool(re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,60}", name))
        and name.lower() not in _OURS
        and not name.lower().startswith("content-")
    )


def _token(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "-", text)[:80] or "x"
