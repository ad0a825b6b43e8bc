import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from inbox.connectors.contract import IncomingMessage, Visibility
from inbox.connectors.mime import ATTACHMENT_LIMIT, NESTED, PARTS, addresses, message_ids, read_mail

RECORDINGS = Path(__file__).resolve().parents[2] / "recordings" / "email"
ARRIVED = datetime(2026, 11, 12, 8, 15, 9, tzinfo=UTC)


def recorded(name: str) -> IncomingMessage:
    return read_mail((RECORDINGS / f"{name}.eml").read_bytes(), received_at=ARRIVED, own={"support@brand.test"})


def mail(headers: str = "", body: str = "Hello", **options: object) -> IncomingMessage:
    raw = f"From: fan@fan.test\nMessage-ID: <m1@fan.test>\n{headers}\n{body}".encode()
    return read_mail(raw, **options)  # type: ignore[arg-type]


def test_a_german_outlook_answer_keeps_its_words_and_folds_history_and_closing() -> None:
    message = recorded("outlook_german")
    assert message.text.startswith("Guten Tag,")
    assert message.text.endswith("- dunkler Modus\n- schnellere Suche")
    assert "Ursprüngliche Nachricht" in message.quote
    assert "Käthe Brandt" in message.quote
    assert message.author is not None
    assert (message.author.external_id, message.author.name) == ("k.brandt@firma.test", "Brandt, Käthe")


def test_a_thread_is_named_by_the_root_of_its_references() -> None:
    message = recorded("outlook_german")
    assert message.thread_id == "first-1@firma.test"
    assert message.parent_id == "trellis.0123456789abcdef0123456789abcdef@brand.test"


def test_without_references_the_answered_mail_names_the_thread() -> None:
    assert recorded("answer_between").thread_id.startswith("trellis.cccc")
    assert mail("Subject: Re: the same subject\n").thread_id == "m1@fan.test"


def test_a_gmail_answer_folds_an_attribution_of_two_lines() -> None:
    message = recorded("gmail_reply")
    assert message.text == "Thanks, that helped. But now the app crashes when I open settings 😢"
    assert message.quote.startswith("On Tue, Nov 10, 2026")
    assert message.html is not None
    assert "gmail_quote" in message.html


def test_text_around_a_picture_is_joined_and_flowed_lines_too() -> None:
    message = recorded("apple_mail")
    assert message.text.startswith("This is the screen that I see every morning:")
    assert message.text.endswith("Why is it empty?")
    assert message.quote == "Von meinem iPhone gesendet"
    assert [(file.name, file.content) for file in message.attachments] == [
        ("Bildschirmfoto für euch.png", b"\x89PNG\r\n\x1a\n")
    ]


def test_attachments_lose_their_folders_and_are_never_the_text() -> None:
    message = recorded("attachments")
    assert message.text == "Siehe Anhang."
    assert [file.name for file in message.attachments] == ["passwd.pdf", "Weitergeleitet-alt.eml", "notizen.txt"]
    assert b"Der innere Text." in (message.attachments[1].content or b"")


@pytest.mark.parametrize("name", ["bounce", "away", "newsletter"])
def test_machines_are_recognised(name: str) -> None:
    assert recorded(name).is_automatic


@pytest.mark.parametrize("name", ["mailing_list", "outlook_german", "html_only", "hostile"])
def test_people_are_not_taken_for_machines(name: str) -> None:
    assert not recorded(name).is_automatic


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: auto-replied; owner",
        "Precedence: bulk",
        "X-Autoreply: yes",
        "Return-Path: <>",
        "Subject: Out of Office: back on Monday",
        "Subject: Abwesenheitsnotiz",
    ],
)
def test_each_mark_of_a_machine_counts(header: str) -> None:
    assert mail(f"{header}\n").is_automatic
    assert not mail("Auto-Submitted: no\nPrecedence: list\n").is_automatic


def test_our_own_id_in_a_strange_mail_is_a_loop() -> None:
    raw = b"From: %s\nMessage-ID: <trellis." + b"a" * 32 + b"@brand.test>\n\nHi"
    assert read_mail(raw % b"else@fan.test", own={"support@brand.test"}).is_automatic
    ours = read_mail(raw % b"Support <SUPPORT@brand.test>", own={"support@brand.test"})
    assert ours.author is not None
    assert ours.author.is_us


def test_charsets_that_lie_or_do_not_exist_are_read_all_the_same() -> None:
    message = recorded("lying_charset")
    assert message.text == "Schöne Grüße, aber der Preis von 5 € ist falsch."
    assert message.subject == "Grüße aus München"
    assert message.author is not None
    assert message.author.name == "Jürgen"
    assert recorded("utf8_called_latin1").text == "Wann öffnet ihr?"


def test_html_alone_becomes_text_without_scripts_and_its_quote_is_folded() -> None:
    message = recorded("html_only")
    assert message.text == "Die Rechnung ist doppelt.\n\nBitte prüfen!"
    assert "Hier ist die Rechnung." in message.quote
    assert "alert" not in message.text + message.quote
    assert message.reply_handle["reply_to"] == "nutzer.privat@web.test"


def test_a_hostile_mail_is_tamed() -> None:
    message = recorded("hostile")
    assert message.external_id.startswith("sha256:")
    assert message.posted_at == ARRIVED
    assert message.author is not None
    assert message.author.external_id == "eve@evil.test"
    assert "\n" not in message.subject
    assert "\0" not in message.text + message.author.name


def test_a_mail_without_an_id_gets_one_from_its_bytes() -> None:
    raw = (RECORDINGS / "no_ids.eml").read_bytes()
    again = read_mail(raw.replace(b"\n", b"\r\n"))
    assert again.external_id == read_mail(raw).external_id
    assert again.external_id != read_mail(raw + b"!").external_id
    assert again.reply_handle["message_id"] == ""


def test_an_id_that_names_no_host_is_not_trusted_to_be_unique() -> None:
    first = read_mail(b"From: a@b.test\nMessage-ID: <1>\n\nOne")
    second = read_mail(b"From: a@b.test\nMessage-ID: <1>\n\nTwo")
    assert first.external_id != second.external_id
    assert first.reply_handle["message_id"] == "1"


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("Thu, 12 Nov 2026 09:00:00 +0100", datetime(2026, 11, 12, 8, 0, tzinfo=UTC)),
        ("Thu, 12 Nov 2026 08:15:30 +0000", ARRIVED),
        ("Thu, 12 Nov 2099 08:00:00 +0000", ARRIVED),
        ("Thu, 01 Jan 1970 00:00:00 +0000", ARRIVED),
        ("Mon, 02 Nov 2026 08:00:00 +0000", ARRIVED),
        ("nonsense", ARRIVED),
    ],
)
def test_a_date_is_believed_only_near_the_arrival(said: str, meant: datetime) -> None:
    assert mail(f"Date: {said}\n", received_at=ARRIVED).posted_at == meant


def test_without_an_arrival_the_date_itself_counts() -> None:
    assert mail("Date: Mon, 02 Nov 2020 08:00:00 +0000\n").posted_at == datetime(2020, 11, 2, 8, tzinfo=UTC)
    assert mail().posted_at is None
    late = mail("Date: Thu, 12 Nov 2026 07:00:00 +0000\n", received_at=ARRIVED + timedelta(hours=3))
    assert late.posted_at == datetime(2026, 11, 12, 7, tzinfo=UTC)


def test_mail_is_direct_and_carries_what_an_answer_needs() -> None:
    message = mail("To: Support <support@brand.test>, b@c.test\nSubject: Hi\nReferences: <a@x> <b@x>\n")
    assert message.visibility is Visibility.DIRECT
    assert message.reply_handle == {
        "message_id": "m1@fan.test",
        "references": ["a@x", "b@x"],
        "from": "fan@fan.test",
        "reply_to": "",
        "to": ["support@brand.test", "b@c.test"],
        "subject": "Hi",
    }
    assert isinstance(message.raw, str)
    assert "Message-ID: <m1@fan.test>" in message.raw


def test_many_references_keep_the_root_and_the_newest() -> None:
    ids = " ".join(f"<r{number}@x>" for number in range(200))
    kept = mail(f"References: {ids}\n").reply_handle["references"]
    assert kept[0] == "r0@x"
    assert kept[-1] == "r199@x"
    assert len(kept) == 31


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00\xff\xfe",
        b"just words and no header at all",
        b"\n\nbody only",
        b"From: a@b.test\n" + b"X: y\n" * 200_000 + b"\nbody",
        b"From: a@b.test\nContent-Type: multipart/mixed; boundary=b\n\n"
        + b"--b\nContent-Type: multipart/mixed; boundary=b\n\n" * 5_000,
    ],
    ids=["nothing", "bytes", "words", "body", "headers without end", "parts within parts"],
)
def test_what_is_no_mail_is_refused_quickly(raw: bytes) -> None:
    began = time.process_time()
    with pytest.raises(ValueError):
        read_mail(raw)
    assert time.process_time() - began < 5


@pytest.mark.parametrize("blank", ["", " " * 9, "\t\x1c", "\n\t \t \t"])
def test_parts_within_parts_are_counted_however_they_are_written(blank: str) -> None:
    nested = "".join(f"--b{n}\nContent-Type:{blank}multipart/mixed; boundary=b{n + 1}\n\n" for n in range(NESTED + 1))
    with pytest.raises(ValueError, match="parts within parts"):
        mail("Content-Type: multipart/mixed; boundary=b0\n", nested)


@pytest.mark.parametrize(
    "raw",
    [
        b"From: a@b.test\nSubject: " + b"=?utf-8?q?" * 20_000 + b"\n\nx",
        b"From: " + b'"' * 50_000 + b"\n\nx",
        b"From: " + b"<a@b.test>," * 20_000 + b"\n\nx",
        b"From: a@b.test\nReferences: " + b"<" * 100_000 + b"\n\nx",
        b"From: a@b.test\nContent-Type: text/plain; " + b"a*0=b; " * 5_000 + b"\n\nx",
        b"From: a@b.test\nContent-Type: text/plain; charset=punycode\n\n" + b"a-" * 50_000,
        b"From: a@b.test\nContent-Type: text/html\n\n" + b"<!--" * 100_000,
        b"From: a@b.test\n\n" + b"On 1 wrote:\n" * 20_000,
        b"From: a@b.test\n\nOn " + b"a b " * 20_000,
        b"From: a@b.test\n\n" + b"--\n" * 50_000,
        b"From: a@b.test\nContent-Transfer-Encoding: base64\n\n" + b"=" * 100_000,
        b"From: a@b.test\nContent-Type: text/plain; format=flowed\n\n" + b"word \n" * 50_000,
    ],
    ids=[
        "encoded words",
        "quotes",
        "addresses",
        "brackets",
        "parameters",
        "punycode",
        "comments",
        "attributions",
        "one line",
        "signatures",
        "padding",
        "flowed lines",
    ],
)
def test_nothing_that_a_stranger_writes_takes_long(raw: bytes) -> None:
    began = time.process_time()
    try:
        read_mail(raw)
    except ValueError:
        pass
    assert time.process_time() - began < 5


@pytest.mark.parametrize("above", ["\n\n", "From fan Mon Nov  9 12:00:00 2026\n", ">From fan\nnoise\n"])
def test_noise_above_the_headers_is_passed_over(above: str) -> None:
    message = read_mail(f"{above}From: fan@fan.test\nMessage-ID: <m1@fan.test>\n\nHello".encode())
    assert (message.external_id, message.text) == ("m1@fan.test", "Hello")


@pytest.mark.parametrize(
    "inner",
    [
        "References: <a\n b>\nX: <b\x0b\nContent-Type: multipart/mixed; boundary=b\n\nold",
        "Subject: =?utf-8?q?x?=\x00\nTo: \xe4@b\n\nold",
    ],
)
def test_a_mail_within_a_mail_may_be_broken(inner: str) -> None:
    body = f"--b\n\nSee below.\n--b\nContent-Type: message/rfc822\n\n{inner}\n--b--\n"
    message = mail("Content-Type: multipart/mixed; boundary=b\n", body)
    assert message.text == "See below."
    assert b"old" in (message.attachments[0].content or b"")


def test_what_a_server_says_of_recipients_is_kept_as_it_wrote_it() -> None:
    told = "".join(f"Diagnostic-Code: smtp; {'no such person ' * 9}{n}\n\n" for n in range(3))
    message = mail("Content-Type: message/delivery-status\n", told)
    assert (message.attachments[0].content or b"").decode().split() == told.split()
    assert b"person no" in (message.attachments[0].content or b"").splitlines()[0]


def test_a_parameter_that_the_library_trips_over_costs_its_value_only() -> None:
    message = mail("Content-Type: text/plain; charset*=\x00''x; name*=\x00''y\n", "Hello")
    assert message.text == "Hello" or message.attachments[0].content == b"Hello"


def test_a_part_beyond_the_limits_is_named_but_not_kept() -> None:
    parts = "".join(f"--b\nContent-Type: image/png; name=p{n}.png\n\nx\n" for n in range(PARTS + 10))
    message = mail("Content-Type: multipart/mixed; boundary=b\n", f"{parts}--b--\n")
    assert len(message.attachments) == PARTS + 10
    assert sum(file.content is not None for file in message.attachments) == PARTS
    huge = "x" * (ATTACHMENT_LIMIT + 1)
    message = mail("Content-Type: application/zip; name=big.zip\n", huge)
    assert message.attachments[0].content is None
    assert message.attachments[0].size_bytes == ATTACHMENT_LIMIT + 1


def test_addresses_survive_names_with_commas_and_raw_umlauts() -> None:
    assert addresses("Müller, Anna <A@B.test>") == [("Müller, Anna", "a@b.test")]
    assert addresses('"Doe, J." <j@x.test>, k@x.test') == [("Doe, J.", "j@x.test"), ("", "k@x.test")]
    assert addresses("=?utf-8?Q?M=C3=BCller=2C_Anna?= <a@b.test>") == [("Müller, Anna", "a@b.test")]
    assert addresses("undisclosed-recipients:;") == []
    assert addresses(None) == []


def test_ids_that_could_break_a_header_stand_as_their_hash() -> None:
    assert message_ids("<a@b> junk <c@d>") == ["a@b", "c@d"]
    assert message_ids("<ä@b>")[0].startswith("sha256:")
    assert message_ids(f"<{'x' * 500}@b>")[0].startswith("sha256:")
    assert message_ids("<a b>") == []
