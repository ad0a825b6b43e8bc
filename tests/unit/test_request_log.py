"""Each request leaves one line, which never holds what the address may carry."""

import logging
from typing import Any


def test_a_request_is_one_line_without_secrets(visitor: Any, told: list[logging.LogRecord]) -> None:
    visitor.get("/invitations/very-secret-word?token=also-secret")
    lines = [record for record in told if record.name == "inbox.web"]
    assert len(lines) == 1
    assert vars(lines[0])["route"] == "/invitations/<secret>"
    assert vars(lines[0])["status"] == 302
    assert "secret-word" not in str(vars(lines[0]))
    assert "also-secret" not in str(vars(lines[0]))


def test_what_browsers_ask_all_the_time_is_not_news(visitor: Any, told: list[logging.LogRecord]) -> None:
    visitor.get("/static/0/trellis.css")
    assert not [record for record in told if record.name == "inbox.web"]
