"""What every connector declares about itself, and what it refuses by that."""

import pytest
from pydantic import SecretStr, ValidationError

from inbox.connectors.contract import Act, ActName, Capabilities, ChannelConnector, Refused, Setup, Surroundings, Unit
from inbox.connectors.registry import CHANNELS, channel_connector
from tests.contract.stages import STAGES, Remembering

SETTINGS = {
    **{kind: stage.settings for kind, stage in STAGES.items()},
    "webhook": {},
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
    if kind in STAGES:
        assert STAGES[kind].stream in names


@pytest.mark.parametrize("kind", sorted(CHANNELS))
def test_what_it_cannot_do_is_refused_before_anything_leaves(kind: str) -> None:
    connector = made(kind)
    for name in set(ActName) - connector.capabilities.acts:
        with pytest.raises(Refused):
            connector.act(Act("k", name, "m", "a", {}))
    for name in connector.capabilities.acts - connector.capabilities.undoable:
        with pytest.raises(Refused):
            connector.act(Act("k", name, "m", "a", {}, undo=True))


@pytest.mark.parametrize("kind", sorted(CHANNELS))
def test_an_unsigned_delivery_is_refused(kind: str) -> None:
    with pytest.raises(Refused):
        made(kind).receive({}, b'{"text": "hello"}')


LENGTHS = {
    "": 0,
    "Grüße": 5,
    "Gru\u0308ße": 5,
    "漢字かな": 4,
    "👩‍👩‍👧": 1,
    "🇩🇪🇫🇷": 2,
    "👍🏽!": 2,
    "각": 1,
    "\u1100\u1161\u11a8": 1,
    "a\nb": 3,
}


@pytest.mark.parametrize("kind", ["mastodon", "bluesky"])
@pytest.mark.parametrize("text", LENGTHS)
def test_graphemes_are_counted(kind: str, text: str) -> None:
    assert made(kind).length(text) == LENGTHS[text]


def test_mastodon_counts_addresses_alike_and_names_without_domain() -> None:
    connector = made("mastodon")
    assert connector.length("https://example.com/a/very/long/path?with=everything") == 23
    assert connector.length("http://a.b x") == 25
    assert connector.length("@ana@garten.example hi") == len("@ana hi")
    assert connector.length("mail ana@garten.example") == len("mail ana@garten.example")


def test_bluesky_counts_addresses_as_they_are() -> None:
    assert made("bluesky").length("https://example.com") == 19
