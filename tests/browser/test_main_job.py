"""The main job as a new user does it: from an empty folder to an answered mail, a delivered idea, and a digest."""

import csv
import email
import email.policy
import imaplib
import json
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from standardwebhooks import Webhook

from tests.browser.conftest import ROOT
from tests.peers.email.mail_server import PASSWORD
from tests.postgres import fresh_database

pytestmark = [pytest.mark.browser, pytest.mark.peers, pytest.mark.slow, pytest.mark.timeout(300)]

SECRET = "whsec_" + "c2VjcmV0IG9mIHRoZSBnYXJkZW4gdGVhbSBhdCB3b3Jr"
WORDS = (
    "Guten Tag, seit gestern zeigt der Sensor nur noch 100 Prozent an. Wie kann ich ihn zurücksetzen?"
    " Es wäre außerdem super, wenn man den Gießplan mit anderen teilen könnte."
)
WISH = "Es wäre außerdem super, wenn man den Gießplan mit anderen teilen könnte"


def mailbox(server: Any, address: str, wanted: Callable[[Any], bool], seconds: float = 40) -> Any:
    """The first mail in a real mailbox that is wanted; fails when none comes in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with imaplib.IMAP4("127.0.0.1", server.imap_port) as box:
            box.login(address, PASSWORD)
            box.select("INBOX", readonly=True)
            for uid in box.uid("SEARCH", "ALL")[1][0].split():
                raw = box.uid("FETCH", uid, "(BODY.PEEK[])")[1][0][1]
                mail = email.message_from_bytes(raw, policy=email.policy.default)
                if wanted(mail):
                    return mail
        time.sleep(0.5)
    pytest.fail(f"no such mail in the mailbox of {address}")


def write_mail(server: Any, desk: str) -> str:
    """Somebody outside writes to the company; returns the Message-ID."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Ana Fuchs <ana@fan.test>", desk, "Sensor misst falsch"
    mail["Message-ID"] = f"<{time.time_ns()}@fan.test>"
    mail["Date"] = email.utils.format_datetime(datetime.now(UTC))
    mail.set_content(WORDS)
    server.deliver(mail, "ana@fan.test", desk)
    return str(mail["Message-ID"])


def write_table(path: Path) -> None:
    """A table of comments as shops export them."""
    lines = [
        ("Wie lange dauert die Lieferung nach Österreich?", "Bea"),
        ("How do I change the delivery address?", "Carl"),
        ("Die App stürzt bei jedem Start ab, das ist eine Katastrophe.", "Dora"),
        ("It would be great if the app had a dark mode.", "Emil"),
    ]
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["id", "comment", "name", "posted_at"])
        for number, (words, name) in enumerate(lines * 25):
            at = datetime.now(UTC) - timedelta(hours=2, minutes=number)
            table.writerow([f"row-{number}", words, f"{name} {number}", at.isoformat()])
        table.writerow(["row-bad", "", "Nobody", "not a date"])


def set_up(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_label("Firma oder Gemeinschaft").fill("Beetbox")
    page.get_by_label("Eigener Name").fill("Mira")
    page.get_by_label("Eigene E-Mail-Adresse").fill("mira@brand.test")
    page.get_by_label("Passwort wählen").fill("ein kurzer satz")
    page.get_by_role("button", name="Posteingang öffnen").click()
    expect(page.get_by_role("heading", name="Noch ist nichts verbunden")).to_be_visible()


def connect_mailbox(page: Page, server: Any, desk: str) -> None:
    page.get_by_role("link", name="Kanal verbinden").first.click()
    page.get_by_role("link", name="E-Mail").click()
    page.get_by_label("E-Mail-Adresse").fill(desk)
    page.get_by_label("IMAP-Server").fill("127.0.0.1")
    page.get_by_label("IMAP-Port").fill(str(server.imap_port))
    page.get_by_label("IMAP-Verschlüsselung").select_option("none")
    page.get_by_label("Passwort", exact=True).fill(PASSWORD)
    page.get_by_label("SMTP-Server").fill("127.0.0.1")
    page.get_by_label("SMTP-Port").fill(str(server.smtp_port))
    page.get_by_label("SMTP-Verschlüsselung").select_option("none")
    page.get_by_role("button", name="Verbindung testen").click()
    # Nothing is saved yet, and the account's last messages are shown.
    expect(page.get_by_text(f"Die Verbindung steht: {desk}")).to_be_visible()
    expect(page.get_by_text("Sensor misst falsch")).to_be_visible()
    page.get_by_role("button", name="Verbinden", exact=True).click()
    expect(page.get_by_role("heading", name=desk)).to_be_visible()


def bring_table(folder: Path, table: Path, storage: dict[str, str]) -> str:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "inbox.cli",
            "import",
            str(table),
            "--channel",
            "Shop",
            "--map",
            "text=comment,author=name",
        ],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "TRELLIS_DATA": str(folder), "COLUMNS": "200", **storage},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode in {0, 1}, done.stderr
    return done.stdout + done.stderr


def answer(page: Page) -> None:
    page.get_by_role("link", name="Zu beantworten").click()
    page.get_by_role("link", name=re.compile("Ana Fuchs")).click()
    expect(page.locator(".thread .tag-question, .context .tag-question").first).to_be_visible(timeout=30_000)
    page.keyboard.press("r")
    page.keyboard.type("Hallo Ana, bitte den Knopf zehn Sekunden drücken.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text(re.compile("wird in \\d+ s gesendet|wird gerade gesendet")).first).to_be_visible()
    expect(page.locator(".thread").get_by_text("gesendet", exact=True)).to_be_visible(timeout=30_000)


def promote(page: Page) -> None:
    page.locator("[data-words-of]").first.click()
    page.evaluate(
        """words => {
            const body = [...document.querySelectorAll("[data-words-of]")].find(one => one.textContent.includes(words));
            const node = document.createTreeWalker(body, NodeFilter.SHOW_TEXT);
            let text; while ((text = node.nextNode()) && !text.data.includes(words)) {}
            const range = document.createRange();
            range.setStart(text, text.data.indexOf(words));
            range.setEnd(text, text.data.indexOf(words) + words.length);
            getSelection().removeAllRanges(); getSelection().addRange(range);
        }""",
        WISH,
    )
    page.keyboard.press("i")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text(WISH)).to_be_visible()
    dialog.get_by_label("Was könnte das Produkt tun?").fill("Gießplan teilen")
    dialog.get_by_role("button", name="Idee anlegen").click()
    expect(dialog).to_be_hidden()


def make_team(page: Page, address: str, mailbox_of_team: str, receiver: Any) -> None:
    page.goto(f"{address}/product-teams")
    page.get_by_label("Name").fill("Garten-Team")
    page.get_by_role("button", name="Anlegen").click()
    for kind, fields in (
        ("E-Mail", {"E-Mail-Adresse": mailbox_of_team}),
        ("Signierter Webhook", {"Adresse": receiver.address, "Geheimnis": SECRET}),
    ):
        page.get_by_role("link", name="Tracker verbinden").click()
        page.get_by_role("link", name=kind).click()
        for label, value in fields.items():
            page.get_by_label(label, exact=True).fill(value)
        page.get_by_role("button", name="Verbinden", exact=True).click()
        expect(page.get_by_role("heading", name="Garten-Team")).to_be_visible()


def hand_over(page: Page, address: str) -> None:
    page.goto(f"{address}/ideas")
    page.get_by_role("link", name="Gießplan teilen").click()
    page.get_by_label("Produktteam").select_option(label="Garten-Team")
    page.get_by_role("button", name="Übergeben").click()


@pytest.fixture(params=["sqlite", "postgresql"])
def storage(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """Nothing for the embedded default; a PostgreSQL and an outside Valkey as a team has them."""
    if request.param == "sqlite":
        yield {}
        return
    with fresh_database(request.getfixturevalue("postgres_server")) as url:
        yield {"TRELLIS_DATABASE_URL": url, "TRELLIS_REDIS_URL": request.getfixturevalue("valkey_url")}


def test_from_an_empty_folder_to_a_digest(
    page: Page,
    storage: dict[str, str],
    start_trellis: Callable[..., str],
    mail_server: Any,
    receiver: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("main") / "data"
    # Mailboxes of this run alone: the mail server is shared.
    run = secrets.token_hex(3)
    desk, team, boss = f"support-{run}@brand.test", f"garten-{run}@fan.test", f"chefin-{run}@fan.test"
    asked = write_mail(mail_server, desk)
    address = start_trellis(folder, TRELLIS_UNDO_SECONDS="2", **storage)
    page.set_default_timeout(15_000)

    set_up(page, address)
    connect_mailbox(page, mail_server, desk)
    write_table(folder.parent / "comments.csv")
    bring_table(folder, folder.parent / "comments.csv", storage)
    page.goto(f"{address}/conversations")
    expect(page.locator(".row .tag-complaint").first).to_be_visible(timeout=30_000)
    expect(page.locator(".row .tag-question").first).to_be_visible(timeout=30_000)

    answer(page)
    reply = mailbox(mail_server, "ana@fan.test", lambda mail: mail["In-Reply-To"] == asked)
    assert "zehn Sekunden" in reply.get_body().get_content()
    assert reply["From"] == desk
    assert reply["Subject"] == "Re: Sensor misst falsch"

    promote(page)
    make_team(page, address, team, receiver)
    hand_over(page, address)
    told = mailbox(mail_server, team, lambda mail: "Gießplan teilen" in str(mail["Subject"]))
    assert WISH in told.get_body(("plain",)).get_content().replace("\n", " ")
    until = time.monotonic() + 30
    while not receiver.received and time.monotonic() < until:
        time.sleep(0.2)
    headers, body = receiver.received[0]
    assert Webhook(SECRET).verify(body, headers)
    assert WISH in json.dumps(json.loads(body), ensure_ascii=False)

    page.goto(f"{address}/digests")
    expect(page.get_by_text("Gießplan teilen")).to_be_visible()
    page.get_by_label("E-Mail-Adresse").fill(boss)
    page.get_by_role("button", name="Hinzufügen", exact=True).click()
    page.get_by_role("button", name="Jetzt an alle senden").click()
    digest = mailbox(mail_server, boss, lambda mail: "List-Unsubscribe-Post" in mail)
    assert "Gießplan teilen" in digest.get_body(("plain",)).get_content()
    assert [part.get_content_type() for part in digest.walk()].count("image/png") == 1

    page.goto(f"{address}/channels")
    page.get_by_role("link", name="Shop").click()
    ledger = [cell.replace(".", "") for cell in page.locator("tfoot th").all_inner_texts()[1:]]
    fetched, stored, duplicate, filtered, quarantined, tombstoned, _ = map(int, ledger)
    assert (fetched, stored, quarantined) == (101, 100, 1)
    assert fetched == stored + duplicate + filtered + quarantined + tombstoned
