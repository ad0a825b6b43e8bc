"""Addresses and forms that nobody's browser makes: an answer always, and never a fault of ours."""

import re
from typing import Any

import pytest
import sqlalchemy as sa

FIELDS = ("idea", "message", "start", "end", "team", "into", "assignee", "until", "seen_version", "state", "role")
MORE_FIELDS = ("tracker_id", "channel_id", "kind", "name", "before", "after", "channel", "answer", "teammate", "next")
# A stream of news never ends; whether all is ready is not for this test; signing out would end the rest.
LEFT_OUT = {"live.show", "health.show_readiness", "sign_in.delete"}


@pytest.mark.parametrize("hostile", ["9" * 30, str(2**63), "-1", "\x00", "//[", "9999-12-31T23:59"])
def test_no_number_or_word_in_an_address_or_form_is_a_fault(
    app: Any, client: Any, valkey_url: str, hostile: str
) -> None:
    app.testing = False
    faults = []
    for rule in app.url_map.iter_rules():
        if rule.endpoint in LEFT_OUT:
            continue
        address = re.sub(r"<[^>]+>", lambda _: hostile, rule.rule)
        fields = dict.fromkeys((*FIELDS, *MORE_FIELDS), hostile)
        if "GET" in rule.methods:
            faults += [address for _ in "x" if client.get(address, query_string=fields).status_code >= 500]
        if "POST" in rule.methods:
            faults += [address for _ in "x" if client.post(address, data=fields).status_code >= 500]
    assert not faults


@pytest.mark.parametrize(
    "path", ["/", "/sign-in", "/nothing", "/api/v1/nothing", "/api/v1/channels", "/live/news", "/healthz", "/receive/1"]
)
def test_every_answer_says_what_a_browser_may_do_with_it(app: Any, client: Any, valkey_url: str, path: str) -> None:
    for answer in (client.get(path), client.post(path), app.test_client().get(path)):
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("path", ["/conversations", "/sign-in", "/nothing", "/api/v1/nothing"])
def test_without_a_database_there_is_still_a_page_that_says_so(app: Any, client: Any, path: str) -> None:
    app.testing = False
    engine = app.extensions["trellis"].database.engine

    def gone(*_: object) -> None:
        raise sa.exc.OperationalError("BEGIN", {}, Exception("the database is gone"))

    sa.event.listen(engine, "do_execute", gone)
    try:
        answer = client.get(path)
    finally:
        sa.event.remove(engine, "do_execute", gone)
    assert answer.status_code in {404, 500}
    assert "database is gone" not in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
