"""Signing in at a platform for a channel: there and back with state and PKCE, kept sealed, renewed without losing a place."""

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from inbox.channels.models import Channel, ChannelState, Consent, Stream
from inbox.channels.open import StoredMemory
from inbox.clock import now
from inbox.conversations.models import Message
from inbox.database import Database
from inbox.pages import trouble
from tests.consented import KIND, SECRET, Platform, platform
from tests.pages import claim_due
from workers.read_stream import read_stream


@pytest.fixture(autouse=True)
def there(monkeypatch: pytest.MonkeyPatch) -> Iterator[Platform]:
    monkeypatch.setenv("TRELLIS_ALLOW_PRIVATE_ADDRESSES", "true")
    with platform() as running:
        yield running


def form(there: Platform, **changes: str) -> dict[str, str]:
    data = {"kind": KIND, "server": there.address, "client_id": "trellis", "client_secret": SECRET}
    return {**data, "since": "2026-01-01", **changes}


def connect(client: Any, there: Platform, **changes: str) -> str:
    """The address of a new channel's page."""
    saved = client.post("/channels", data=form(there, **changes))
    assert saved.status_code == 302, saved.text
    return str(saved.headers["Location"])


def leave(client: Any, page: str) -> str:
    """Where "Sign in at …" leads."""
    leaving = client.post(f"{page}/sign-in")
    assert leaving.status_code == 200
    found = re.search(r'content="1; url=([^"]+)"', leaving.text)
    assert found
    return unescape(found[1])


def come_back(client: Any, there: Platform, page: str) -> Any:
    """Go to the consent page, agree, and follow it back."""
    away = leave(client, page)
    assert away.startswith(f"{there.address}/authorize?")
    address = httpx.get(away).headers["Location"]
    return client.get(address.removeprefix("http://127.0.0.1:8080"), follow_redirects=True)


def only(house: Database) -> Channel:
    with house.reading() as session:
        return session.scalars(sa.select(Channel)).one()


def poll(app: Any, house: Database) -> None:

    trellis = app.extensions["trellis"]
    with house.writing() as session:
        session.execute(sa.update(Stream).values(due_at=now()))
        (claimed,) = claim_due(session, limit=5)
    read_stream(claimed, house, trellis.vault, trellis.settings)


def test_a_channel_waits_for_its_sign_in_and_then_listens(
    app: Any, client: Any, there: Platform, house: Database
) -> None:
    page = connect(client, there)
    assert only(house).state == ChannelState.WAITING
    shown = client.get(page).text
    assert "Sign in at Consented" in shown
    assert "waits for sign-in" in shown
    assert "needs you" not in shown
    back = come_back(client, there, page)
    assert "@g-1 is connected." in back.text
    channel = only(house)
    assert (channel.state, channel.account_id, channel.name) == (ChannelState.ACTIVE, "g-1", "@g-1")
    assert channel.scopes == "read write"
    assert there.refusals == []
    poll(app, house)
    with house.reading() as session:
        assert session.scalars(sa.select(Message.text)).all() == ["Hello @g-1"]
        assert session.scalars(sa.select(Stream)).one().since == now().replace(2026, 1, 1, 0, 0, 0, 0)


def test_tokens_and_verifier_are_sealed_and_told_to_nobody(
    app: Any, client: Any, there: Platform, house: Database, told: list[Any]
) -> None:
    page = connect(client, there)
    address = leave(client, page)
    with house.reading() as session:
        consent = session.scalars(sa.select(Consent)).one()
    assert consent.state not in address
    shown = come_back(client, there, page).text + client.get(page).text
    (token,) = there.access_tokens
    (refresh,) = there.refresh_tokens
    row = str(only(house).memory)
    lines = "".join(f"{record.getMessage()} {record.__dict__}" for record in told)
    for secret in (token, refresh, SECRET):
        assert secret not in row
        assert secret not in shown
        assert secret not in lines


def test_an_answer_is_good_once_and_only_in_the_browser_that_began(
    client: Any, sign_in_as: Any, there: Platform, house: Database
) -> None:
    page = connect(client, there)
    answer = there.consent(leave(client, page)).removeprefix("http://127.0.0.1:8080")
    elsewhere = sign_in_as("admin").get(answer, follow_redirects=True)
    assert "not begun in this browser" in elsewhere.text
    forged = re.sub(r"state=[^&]+", "state=forged", answer)
    assert "not begun in this browser" in client.get(forged, follow_redirects=True).text
    answer = there.consent(leave(client, page)).removeprefix("http://127.0.0.1:8080")
    assert "is connected" in client.get(answer, follow_redirects=True).text
    assert "not begun in this browser" in client.get(answer, follow_redirects=True).text
    with house.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Consent)) == 1, "the first, which runs out"


def test_ten_minutes_are_enough(client: Any, there: Platform, house: Database) -> None:
    page = connect(client, there)
    answer = there.consent(leave(client, page))
    with house.writing() as session:
        session.execute(sa.update(Consent).values(expires_at=now() - timedelta(seconds=1)))
    shown = client.get(answer.removeprefix("http://127.0.0.1:8080"), follow_redirects=True).text
    assert "took too long" in shown
    assert only(house).state == ChannelState.WAITING


def test_a_code_for_another_verifier_is_refused_there_and_told_here(
    client: Any, there: Platform, house: Database
) -> None:
    page = connect(client, there)
    answer = there.consent(leave(client, page))
    for asked in there.codes.values():
        asked["code_challenge"] = "of somebody else"
    shown = client.get(answer.removeprefix("http://127.0.0.1:8080"), follow_redirects=True).text
    assert "invalid_grant" in shown
    assert only(house).state == ChannelState.WAITING


def test_a_person_who_says_no_is_believed(client: Any, there: Platform, house: Database) -> None:
    page = connect(client, there)
    state = re.search(r"state=([^&]+)", leave(client, page))
    assert state
    answer = f"/channels/sign-in/return?error=access_denied&error_description=No+thanks&state={state[1]}"
    assert "The platform gave no permission: No thanks" in client.get(answer, follow_redirects=True).text
    assert only(house).state == ChannelState.WAITING


def test_signing_in_again_keeps_the_place_and_another_account_changes_nothing(
    app: Any, client: Any, there: Platform, house: Database
) -> None:
    page = connect(client, there)
    come_back(client, there, page)
    poll(app, house)
    before = only(house).memory
    there.account = "g-2"
    assert "This is another account" in come_back(client, there, page).text
    assert only(house).memory == before
    there.account = "g-1"
    assert "is connected" in come_back(client, there, page).text
    assert only(house).memory != before
    poll(app, house)
    with house.reading() as session:
        assert session.scalars(sa.select(Stream)).one().cursor == {"v": 1}
        assert session.scalar(sa.select(sa.func.count()).select_from(Message)) == 1


def test_tokens_that_end_are_renewed_by_polls_one_after_another(
    app: Any, client: Any, there: Platform, house: Database
) -> None:
    there.expires_in, there.refreshes_for = 1, 30 * 86_400
    come_back(client, there, connect(client, there))
    poll(app, house)
    poll(app, house)
    assert there.refusals == []
    channel, trellis = only(house), app.extensions["trellis"]
    assert channel.last_error == ""
    assert channel.signed_in_until
    assert timedelta(days=29) < channel.signed_in_until - now() < timedelta(days=31)
    kept = StoredMemory(channel.id, house, trellis.vault).load()["tokens"]["refresh_token"]
    assert list(there.refresh_tokens) == [kept]


def test_the_end_of_a_permission_is_told_a_week_before(
    app: Any, client: Any, there: Platform, house: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    there.refreshes_for = 9 * 86_400
    page = come_back(client, there, connect(client, there)).request.path
    monkeypatch.setattr(trouble, "FRESH_SECONDS", -1.0)
    assert "must be renewed" not in client.get("/channels").text
    assert "Sign in again" in client.get(page).text, "for rights that were not given at first"
    with house.writing() as session:
        session.execute(sa.update(Channel).values(signed_in_until=now() + timedelta(days=6)))
    assert "must be renewed" in client.get("/channels").text
    assert "The permission ends on" in client.get(page).text


def test_another_app_at_the_platform_needs_another_consent(client: Any, there: Platform, house: Database) -> None:
    page = connect(client, there)
    come_back(client, there, page)
    client.post(f"{page}/settings", data=form(there))
    assert only(house).state == ChannelState.ACTIVE
    client.post(f"{page}/settings", data=form(there, client_id="other"))
    channel = only(house)
    assert (channel.state, channel.memory, channel.account_id) == (ChannelState.WAITING, None, "g-1")


def test_only_those_who_manage_channels_sign_in(client: Any, sign_in_as: Any, there: Platform) -> None:
    page = connect(client, there)
    assert sign_in_as("reader").post(f"{page}/sign-in").status_code == 403
    assert client.post("/channels/999/sign-in").status_code == 404
