"""`trellis connectors`: what Trellis can listen to, what it can do there, and what it needs for that."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from pydantic import SecretStr

from inbox.channels.setup import manifest_of
from inbox.commands.channels_guide import channels_guide
from inbox.config import load_settings
from inbox.connectors.contract import ActName, ChannelConnector, Metric, Setup
from inbox.connectors.registry import CHANNELS, TRACKERS, channel_connector, tracker_connector

WIDTH = max(map(len, CHANNELS)) + 2
NOT_OFFERED = "The platform does not offer this."


@click.command("connectors")
@click.option("--json", "as_json", is_flag=True, help="Everything that is declared, as JSON.")
@click.option("--manifest", metavar="KIND", help="Print the app's description for a platform that takes one.")
@click.option("--write", type=click.Path(dir_okay=False, path_type=Path), help="Write docs/channels.md.")
def command(as_json: bool, manifest: str | None, write: Path | None) -> None:
    """List what Trellis can listen to, and where it can push ideas."""
    if manifest is not None:
        click.echo(_manifest(manifest))
    elif as_json:
        trackers = [{"kind": kind, **_form(tracker_connector(kind).setup)} for kind in TRACKERS]
        click.echo(json.dumps({"channels": described_channels(), "trackers": trackers}, indent=2, ensure_ascii=False))
    elif write is not None:
        write.write_text(channels_guide(described_channels()), encoding="utf-8")
        click.echo(f"{write} tells of {len(CHANNELS)} platforms.")
    else:
        for channel in described_channels():
            click.echo(_line(channel))
        click.echo("Trackers: " + ", ".join(TRACKERS))


def described_channels() -> list[dict[str, Any]]:
    """Every kind of channel with all that it declares, as plain values."""
    return [_described(channel_connector(kind)) for kind in CHANNELS]


def _described(connector: type[ChannelConnector]) -> dict[str, Any]:
    can, keeps, guide = connector.capabilities, connector.retention, connector.guide
    return {
        "kind": connector.kind,
        "label": connector.label,
        "about": connector.about,
        "polls": can.polls,
        "receives": can.receives,
        "replies": can.replies,
        "tells_edits": can.tells_edits,
        "tells_deletes": can.tells_deletes,
        "tells_failures": can.tells_failures,
        "threads": can.threads,
        "watches": can.watches,
        "refetches": can.refetches,
        "metrics": [str(metric) for metric in Metric if metric in can.metrics],
        "acts": [_act(connector, name) for name in ActName],
        "text": {"limit": can.text_limit, "private_limit": can.private_limit, "unit": str(can.text_unit)},
        "rates": [{"calls": rate.calls, "seconds": rate.seconds, "scope": rate.scope} for rate in connector.rates],
        "retention": {
            "text_hours": keeps.text_hours,
            "author_hours": keeps.author_hours,
            "refresh_days": keeps.refresh_days,
            "because": keeps.because,
        },
        "allows_training": can.allows_training,
        "because": {str(name): reason for name, reason in can.because.items() if name not in set(ActName)},
        "signs_in": connector.sign_in is not ChannelConnector.sign_in,
        **_form(connector.setup),
        "guide": {"steps": list(guide.steps), "gate": guide.gate, "page": guide.page},
    }


def _act(connector: type[ChannelConnector], name: ActName) -> dict[str, Any]:
    can = connector.capabilities
    reason = can.because.get(name) or can.because.get("acts") or NOT_OFFERED
    is_possible = name in can.acts
    return {
        "name": str(name),
        "is_possible": is_possible,
        "is_undoable": name in can.undoable,
        "ends": name in can.ends,
        # A reason beside what is possible says where it is not.
        "because": can.because.get(name, "") if is_possible else reason,
    }


def _form(setup: type[Setup]) -> dict[str, Any]:
    fields = [
        {
            "name": name,
            "title": field.title or name,
            "description": field.description or "",
            "is_required": field.is_required(),
            "is_secret": field.annotation is SecretStr,
        }
        for name, field in setup.model_fields.items()
    ]
    return {"needs": fields}


def _line(channel: Mapping[str, Any]) -> str:
    acts = ", ".join(act["name"].replace("_", " ") for act in channel["acts"] if act["is_possible"])
    ways = [way for way, is_so in (("polled", channel["polls"]), ("delivered", channel["receives"])) if is_so]
    answers = (
        f"answers up to {channel['text']['limit']:,} {channel['text']['unit']}" if channel["replies"] else "no answers"
    )
    counts = f"; counts {', '.join(channel['metrics'])}" if channel["metrics"] else ""
    return f"{channel['kind']:<{WIDTH}}{', '.join(ways) or 'imported'}; {answers}; {acts or 'no acts'}{counts}"


def _manifest(kind: str) -> str:
    described = manifest_of(kind, load_settings().base_url) if kind in CHANNELS else ""
    if not described:
        raise click.ClickException(f"{kind} takes no description of an app; see `trellis connectors`.")
    return described


if __name__ == "__main__":
    command()
