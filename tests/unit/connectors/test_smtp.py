import email
import threading
from collections.abc import Iterator
from email import policy

import pytest

from inbox.connectors.contract import NeedsPerson, OutcomeUnknown, Passing, RateLimited, Refused
from inbox.connectors.smtp import Mail, SmtpServer, check_server, compose, message_id, send_mail, server_from_url
from tests.unit.connectors.smtp_server import SmtpDouble, running_smtp


@pytest.fixture
def double() -> Iterator[SmtpDouble]:
    with running_smtp() as server:
        yield server


def server(double: SmtpDouble, **changes: object) -> SmtpServer:
    return SmtpServer(
        **({"host": "127.0.0.1", "port": double.port, "security": "none", "timeout_seconds": 3} | changes)
    )  # type: ignore[arg-type]


def mail(**changes: object) -> Mail:
    usual = {
        "key": "k1",
        "to": "fan@fan.test",
        "subject": "Grüße",
        "text": "Hallo",
        "from_address": "support@brand.test",
    }
    return Mail(**(usual | changes))  # type: ignore[arg-type]


def parsed(content: bytes) -> email.message.EmailMessage:
    return email.message_from_bytes(content, policy=policy.default)  # type: ignore[return-value]


def test_a_mail_arrives_as_it_was_written(double: SmtpDouble) -> None:
    text = ".\n..two\nGrüße 👋\n" + "long " * 300
    receipt = send_mail(server(double), mail(text=text, from_name="Brand, Support"))
    got = parsed(double.mails[0])
    assert got.get_content().replace("\r\n", "\n").rstrip() == text.rstrip()
    assert got["Subject"] == "Grüße"
    assert got["From"].addresses[0].display_name == "Brand, Support"
    assert got["Message-ID"] == f"<{receipt.external_id}>"
    assert max(map(len, double.mails[0].split(b"\r\n"))) < 999


def test_the_id_depends_on_the_key_alone() -> None:
    assert message_id("k1", "a@b.test") == message_id("k1", "other@b.test")
    assert message_id("k1", "a@b.test") != message_id("k2", "a@b.test")
    assert f"<{message_id('k1', 'support@brand.test')}>".encode() in compose(mail())


def test_html_text_and_pictures_travel_together() -> None:
    got = parsed(compose(mail(html='<img src="cid:bars">', images=[("bars", "image/png", b"\x89PNG")])))
    assert got.get_content_type() == "multipart/alternative"
    assert got.get_body(("plain",)).get_content().strip() == "Hallo"  # type: ignore[union-attr]
    page = got.get_body(("html",))
    assert "cid:bars" in page.get_content()  # type: ignore[union-attr]
    pictures = [part for part in got.walk() if part.get_content_type() == "image/png"]
    assert [part["Content-ID"] for part in pictures] == ["<bars>"]


def test_long_headers_stay_readable() -> None:
    ids = " ".join(f"<{'x' * 70}{number}@mail.example>" for number in range(20))
    page = "<https://trellis.example/unsubscribe/" + "t" * 120 + ">"
    content = compose(
        mail(
            subject="Hi",
            headers={
                "References": ids,
                "List-Unsubscribe": page,
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            },
        )
    )
    assert b"=?" not in content.split(b"\r\n\r\n")[0]
    got = parsed(content)
    assert "".join(got["References"].split()) == "".join(ids.split())
    assert got["List-Unsubscribe"].strip() == page


@pytest.mark.parametrize("field", ["subject", "from_name", "text", "to", "from_address", "header", "name"])
def test_no_value_can_add_a_header(field: str) -> None:
    evil = "x\r\nBcc: victim@fan.test\r\n\r\nbody"
    changes: dict[str, object] = {field: evil}
    if field == "header":
        changes = {"headers": {"X-Note": evil}}
    if field == "name":
        changes = {"headers": {"X-Note\r\nBcc": "victim@fan.test", "Bcc": "victim@fan.test"}}
    try:
        content = compose(mail(**changes))
    except Refused:
        assert field in {"to", "from_address"}
        return
    assert parsed(content)["Bcc"] is None


@pytest.mark.parametrize(
    "address", ["", "fan", "fan@", "@fan.test", "a b@fan.test", "fan@fan.test, two@fan.test", "ö@fan.test"]
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(Refused, match="not an address"):
        compose(mail(to=address))


def test_a_domain_with_umlauts_is_written_in_ascii() -> None:
    assert b"fan@xn--mller-kva.test" in compose(mail(to="fan@müller.test"))


@pytest.mark.parametrize(
    ("verb", "answer", "error"),
    [
        ("greeting", "421 busy", Passing),
        ("AUTH", "535 5.7.8 no", NeedsPerson),
        ("AUTH", "454 later", Passing),
        ("MAIL", "553 not yours", NeedsPerson),
        ("MAIL", "452 full", Passing),
        ("RCPT", "550 nobody here", Refused),
        ("RCPT", "450 greylisted", Passing),
        ("RCPT", "550 5.4.5 Daily user sending quota exceeded", RateLimited),
        ("RCPT", "hang up", Passing),
        ("DATA", "554 no", Refused),
        ("DATA", "hang up", Passing),
        (".", "554 spam", Refused),
        (".", "451 try again", Passing),
        (".", "hang up", OutcomeUnknown),
        (".", "gibberish", OutcomeUnknown),
    ],
)
def test_a_failure_says_whether_it_may_have_left(
    double: SmtpDouble, verb: str, answer: str, error: type[Exception]
) -> None:
    double.answers[verb] = answer
    with pytest.raises(error) as caught:
        send_mail(server(double, user="u", password="p"), mail())
    assert type(caught.value) is error
    assert "127.0.0.1" in str(caught.value)


def test_a_password_with_umlauts_signs_in(double: SmtpDouble) -> None:
    check_server(server(double, user="müller", password="geheim-ü"))
    assert any(words.startswith("AUTH PLAIN ") for words in double.heard)


def test_a_server_without_encryption_gets_no_password(double: SmtpDouble) -> None:
    with pytest.raises(NeedsPerson, match="STARTTLS"):
        check_server(server(double, security="starttls", user="u", password="p"))
    with pytest.raises(NeedsPerson, match="TLS"):
        check_server(server(double, security="ssl", user="u", password="p"))
    assert not any("AUTH" in words for words in double.heard)


def test_nobody_there_passes() -> None:
    with pytest.raises(Passing, match="does not answer on port 1"):
        check_server(SmtpServer("127.0.0.1", 1, "none"))
    with pytest.raises(Passing, match="cannot be found"):
        check_server(SmtpServer("nowhere.invalid", 25, "none"))


def test_private_addresses_are_refused_where_they_may_not_be_used(double: SmtpDouble) -> None:
    with pytest.raises(NeedsPerson, match="private address"):
        check_server(server(double, allow_private=False))
    assert double.heard == []


def test_two_mails_at_once_do_not_mix(double: SmtpDouble) -> None:
    threads = [
        threading.Thread(target=send_mail, args=(server(double), mail(key=f"k{n}", text=f"t{n}"))) for n in range(5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(parsed(content).get_content().strip() for content in double.mails) == [f"t{n}" for n in range(5)]


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example", SmtpServer("mail.example", 25, "none")),
        ("smtps://u%40x:p%3A@mail.example", SmtpServer("mail.example", 465, "ssl", "u@x", "p:")),
        ("smtp+starttls://mail.example:2525", SmtpServer("mail.example", 2525, "starttls")),
    ],
)
def test_a_server_is_read_from_its_address(url: str, server: SmtpServer) -> None:
    assert server_from_url(url) == server


@pytest.mark.parametrize("url", ["", "mail.example", "http://mail.example", "smtp://"])
def test_another_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="must look like"):
        server_from_url(url)


def test_a_password_is_never_shown() -> None:
    assert "secret-1" not in repr(server_from_url("smtps://u:secret-1@mail.example"))
