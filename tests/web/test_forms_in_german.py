"""What a form of a connection says when something is wrong, to somebody who reads German."""

from typing import Any

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


def test_a_kept_password_is_not_called_optional(client: Any) -> None:
    page = client.post("/channels/checks", data={**MAILBOX, "address": "a@example.org", "imap_host": "127.0.0.1"})
    label = page.text.split('for="field-password"', 1)[1].split("</label>", 1)[0]
    assert "optional" not in label
    assert "stored" in page.text
