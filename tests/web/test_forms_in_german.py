"""What a form of a connection says when something is wrong, to somebody who reads German."""

import re
from typing import Any

import pytest

MAILBOX = {"kind": "email", "address": "nobody", "imap_host": "", "password": "geheim", "smtp_host": "mail.example.org"}


def test_a_wrong_field_is_told_in_german(sign_in_as: Any) -> None:
    page = sign_in_as("admin", language="de").post("/channels/checks", data=MAILBOX)
    assert page.status_code == 422
    assert "keine E-Mail-Adresse" in page.text
    assert "is not" not in page.text


def test_an_empty_field_asks_to_be_filled(sign_in_as: Any) -> None:
    page = sign_in_as("admin").post("/channels/checks", data={**MAILBOX, "address": "a@example.org"})
    assert "Please fill this in." in page.text


def test_a_refusal_begins_with_what_to_do(sign_in_as: Any) -> None:
    data = {**MAILBOX, "address": "a@example.org", "imap_host": "127.0.0.1"}
    page = sign_in_as("admin", language="de").post("/channels/checks", data=data)
    assert page.status_code == 422
    assert any(
        words in page.text
        for words in ("Bitte die Angaben prüfen.", "Das ging gerade nicht.", "Das wird nicht angenommen.")
    )


def test_a_private_address_is_told_in_german(sign_in_as: Any) -> None:
    client = sign_in_as("admin", language="de")
    page = client.post("/channels/checks", data={"kind": "rss", "url": "http://127.0.0.1/feed"})
    assert "127.0.0.1 ist eine private Adresse" in page.text


def test_a_kept_password_is_not_called_optional(client: Any) -> None:
    page = client.post("/channels/checks", data={**MAILBOX, "address": "a@example.org", "imap_host": "127.0.0.1"})
    label = page.text.split('for="field-password"', 1)[1].split("</label>", 1)[0]
    assert "optional" not in label
    # The SMTP password was left empty, so there is none to keep.
    assert page.text.count("stored; leave empty to keep it") == 1


@pytest.mark.parametrize(("kind", "field"), [("google_play", "service_account"), ("app_store_connect", "private_key")])
def test_a_key_file_has_room_for_its_lines_and_never_comes_back(client: Any, kind: str, field: str) -> None:
    assert re.search(
        rf'<textarea id="field-{field}"[^>]* required[^>]* autocomplete="off"',
        client.get(f"/channels/new?kind={kind}").text,
    )
    page = client.post("/channels/checks", data={"kind": kind, field: "-----BEGIN\r\nnonsense"})
    assert page.status_code == 422
    assert f'<p class="error" id="field-{field}-error">' in page.text
    assert "nonsense" not in page.text
