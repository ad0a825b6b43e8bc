"""What every connector declares about itself, and what it refuses by that."""

from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from inbox.connectors.contract import ActName, Capabilities, ChannelConnector, Group, Refused, Setup, Surroundings, Unit
from inbox.connectors.registry import CHANNELS, channel_connector
from tests.contract.stage import Remembering, Stage
from tests.contract.stages import STAGES


def all_settings(kind: str) -> dict[str, Any]:
    """Of several stages of one kind, what any of them sets."""
    return {name: value for stage in STAGES.values() if stage.kind == kind for name, value in stage.settings.items()}


SETTINGS: dict[str, Any] = {
    **{kind: all_settings(kind) for kind in {stage.kind for stage in STAGES.values()}},
    "file": {},
    "email": {
        "address": "support@brand.example",
        "imap_host": "imap.brand.example",
        "smtp_host": "smtp.brand.example",
        "password": "hunter2",
    },
}


def connector_of(kind: str) -> type[ChannelConnector]:
    try:
        return channel_connector(kind)
    except ModuleNotFoundError as missing:
        pytest.skip(f"{missing.name} is not here yet")


def made(kind: str) -> ChannelConnector:
    connector = connector_of(kind)
    return connector(connector.setup(**SETTINGS[kind]), Surroundings(Remembering()))


@pytest.mark.parametrize("kind", sorted(CHANNELS))
def test_a_connector_says_what_it_is(kind: str) -> None:
    connector = connector_of(kind)
    assert connector.kind == kind
    assert connector.label
    assert connector.about.endswith(".")
    assert connector.group in Group
    assert issubclass(connector.setup, Setup)
    assert isinstance(connector.capabilities, Capabilities)


@pytest.mark.parametrize("kind", sorted(CHANNELS))
def test_every_field_of_a_form_has_words(kind: str) -> None:
    for name, field in connector_of(kind).setup.model_fields.items():
        assert field.title, name


@pytest.mark.parametrize("kind", sorted(CHANNELS))
def test_unknown_settings_are_refused(kind: str) -> None:
    with pytest.raises(ValidationError, match="no_such_setting"):
        connector_of(kind).setup(**SETTINGS[kind], no_such_setting="x")


@pytest.mark.parametrize("kind", sorted(CHANNELS))
def test_secrets_do_not_show(kind: str) -> None:
    setup = connector_of(kind).setup(**SETTINGS[kind])
    secrets = [value for value in setup.__dict__.values() if isinstance(value, SecretStr) and value.get_secret_value()]
    for secret in secrets:
        assert secret.get_secret_value() not in repr(setup)
        assert secret.get_secret_value() not in str(setup.model_dump())


@pytest.mark.parametrize("kind", sorted(CHANNELS))
def test_only_what_can_be_done_can_be_undone(kind: str) -> None:
    capabilities = connector_of(kind).capabilities
    assert capabilities.undoable <= capabilities.acts
    assert not capabilities.replies or capabilities.text_limit > 0
    assert capabilities.text_unit in Unit


@pytest.mark.parametrize("kind", sorted(CHANNELS))
def test_whoever_polls_has_streams(kind: str) -> None:
    names = [stream.name for stream in made(kind).streams()]
    assert len(set(names)) == len(names)
    assert all(stream.every >= 30 for stream in made(kind).streams())
    assert {stage.stream for stage in STAGES.values() if stage.kind == kind and stage.stream} <= set(names)


@pytest.mark.parametrize("kind", sorted(CHANNELS))
def test_whoever_lets_people_sign_in_renews_what_they_gave(kind: str) -> None:
    connector = connector_of(kind)
    if connector.refresh_auth is ChannelConnector.refresh_auth:
        assert connector.sign_in is ChannelConnector.sign_in
        with pytest.raises(Refused, match="run out"):
            made(kind).refresh_auth()


@pytest.mark.parametrize("kind", sorted(CHANNELS))
def test_an_unsigned_delivery_is_refused(kind: str) -> None:
    with pytest.raises(Refused):
        made(kind).receive({}, b'{"text": "hello"}')


@pytest.mark.parametrize("kind", sorted(CHANNELS))
def test_what_quarantine_keeps_of_a_kind_can_be_read_again(kind: str) -> None:
    assert channel_connector(kind).reread is not ChannelConnector.reread


def test_every_kind_is_tried_on_a_stage_or_on_a_shelf() -> None:
    """Whoever adds a kind adds its recordings: `stage_<kind>.py`; mailbox and file are tried in test_brought_in_order.py."""
    assert set(CHANNELS) - {"email", "file"} == {stage.kind for stage in STAGES.values()}


@pytest.mark.parametrize("name", sorted(STAGES))
def test_a_stage_gives_what_the_connector_declares_or_says_why_not(name: str) -> None:
    stage, connector = STAGES[name], channel_connector(STAGES[name].kind)
    capabilities = connector.capabilities
    if capabilities.polls:
        assert stage.poll_path and stage.stream, "what is polled has a path and a stream"
    if capabilities.replies:
        assert stage.send_path and stage.too_long, "who can be answered says where, and what is too long"
    if capabilities.receives:
        assert stage.delivery is not Stage.delivery, "what is brought is signed by `delivery`"
    if connector.greet is not ChannelConnector.greet:
        assert stage.greeting is not Stage.greeting, "who greets says how"
    assert stage.no_markup or all(stage.markup), "the markup, or why there is none"
    assert stage.no_official or stage.official, "the official contract, or why there is none"
    assert stage.no_authors or stage.anonymous is not Stage.anonymous, "an item without an author, or why there is none"
    assert not stage.no_search or capabilities.replies


@pytest.mark.parametrize("kind", sorted(CHANNELS))
def test_what_is_not_possible_has_a_reason(kind: str) -> None:
    capabilities = connector_of(kind).capabilities
    reasons = capabilities.because
    silent = [] if capabilities.replies else ["replies"]
    silent += [] if capabilities.acts or "acts" in reasons else sorted(set(ActName) - set(reasons))
    assert not [name for name in silent if name not in reasons]
    assert all(reasons.values())
