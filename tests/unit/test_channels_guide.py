"""`trellis connectors` tells what is declared, and docs/channels.md is what it writes."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from inbox.commands.channels_guide import channels_guide
from inbox.commands.connectors import command, described_channels
from inbox.connectors.contract import ActName
from inbox.connectors.registry import CHANNELS

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "channels.md"


def told(*arguments: str) -> Any:
    done = CliRunner().invoke(command, list(arguments), catch_exceptions=False)
    assert done.exit_code == 0
    return done.output


def test_the_document_is_what_the_connectors_declare() -> None:
    fresh = channels_guide(described_channels())
    assert DOCUMENT.read_text(encoding="utf-8") == fresh, "run: trellis connectors --write docs/channels.md"


def test_the_list_names_every_kind() -> None:
    lines = told().splitlines()
    assert [line.split()[0] for line in lines[: len(CHANNELS)]] == list(CHANNELS)


def test_everything_declared_is_given_as_json() -> None:
    channels = json.loads(told("--json"))["channels"]
    assert [channel["kind"] for channel in channels] == list(CHANNELS)
    mastodon = next(channel for channel in channels if channel["kind"] == "mastodon")
    assert mastodon["text"] == {"limit": 500, "private_limit": 0, "unit": "graphemes"}
    assert [field["name"] for field in mastodon["needs"] if field["is_secret"]] == ["access_token"]
    hide, block = (next(act for act in mastodon["acts"] if act["name"] == name) for name in ("hide", "block"))
    assert (hide["is_possible"], bool(hide["because"])) == (False, True)
    assert (block["is_possible"], block["is_undoable"]) == (True, True)


@pytest.mark.parametrize("channel", described_channels(), ids=lambda channel: channel["kind"])
def test_every_act_is_possible_or_has_a_reason(channel: dict[str, Any]) -> None:
    assert [act["name"] for act in channel["acts"]] == list(ActName)
    assert all(act["is_possible"] or act["because"] for act in channel["acts"])


@pytest.mark.parametrize("channel", described_channels(), ids=lambda channel: channel["kind"])
def test_whoever_asks_for_something_says_step_by_step_where_to_get_it(channel: dict[str, Any]) -> None:
    assert channel["guide"]["steps"] or not channel["needs"]


def test_the_document_is_written_where_asked(tmp_path: Path) -> None:
    told("--write", str(tmp_path / "channels.md"))
    assert (tmp_path / "channels.md").read_text(encoding="utf-8") == channels_guide(described_channels())


def test_a_platform_without_a_manifest_says_so() -> None:
    done = CliRunner().invoke(command, ["--manifest", "rss"])
    assert done.exit_code == 1
    assert "takes no description" in done.output
