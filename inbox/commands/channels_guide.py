"""docs/channels.md out of what the connectors declare: per platform what it can, what stands in the way, and step by step how."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

HEAD = """# Channels

What Trellis can do on each platform, what stands in the way, and how to get what its form asks for. Written by
`trellis connectors --write docs/channels.md` from what the connectors declare about themselves; change it there.

"""
SECONDS = {1: "second", 60: "minute", 3_600: "hour", 86_400: "day"}
UNITS = {
    "characters": "characters",
    "graphemes": "characters as people count them",
    "bytes": "bytes",
    "utf16": "UTF-16 units (an emoji is two or more)",
    "weighted": "weighted characters (Asia's and emoji are two, an address 23)",
}


def channels_guide(channels: Sequence[Mapping[str, Any]]) -> str:
    """The whole page; `channels` as `trellis connectors --json` has them."""
    return HEAD + _overview(channels) + "\n" + "\n".join("\n".join(_chapter(channel)) for channel in channels)


def _overview(channels: Sequence[Mapping[str, Any]]) -> str:
    lines = ["| platform | read by | answers | acts | hurdles |", "| --- | --- | --- | --- | --- |"]
    for channel in channels:
        acts = ", ".join(_words(act["name"]) for act in channel["acts"] if act["is_possible"])
        anchor = re.sub(r"[^\w -]", "", channel["label"].lower()).replace(" ", "-")
        answers = "yes" if channel["replies"] else "no"
        gate = channel["guide"]["gate"] or "none"
        lines.append(f"| [{channel['label']}](#{anchor}) | {_ways(channel)} | {answers} | {acts or '–'} | {gate} |")
    return "\n".join(lines) + "\n"


def _chapter(channel: Mapping[str, Any]) -> Iterator[str]:
    yield f"## {channel['label']}\n"
    yield f"{channel['about']}\n"
    yield from (f"- {line}" for line in _facts(channel))
    guide = channel["guide"]
    if guide["gate"]:
        yield f"\n**Hurdles:** {guide['gate']}"
    if guide["steps"]:
        yield "\n**Step by step**\n"
        yield from (f"{number}. {step}" for number, step in enumerate(guide["steps"], start=1))
    if guide["page"]:
        yield f"\nThe platform's own page: <{guide['page']}>"
    if channel["needs"]:
        yield "\n**The form**\n"
        yield from (f"- {_field(field)}" for field in channel["needs"])
    yield ""


def _facts(channel: Mapping[str, Any]) -> Iterator[str]:
    because, text = channel["because"], channel["text"]
    yield f"**Reads:** by {_ways(channel)}.{_reason(because, 'polls')}{_reason(because, 'receives')} {_changes(channel)}"
    if channel["threads"] or "threads" in because:
        yield f"**Context:** {because.get('threads') or 'Shows what a message answers, also where that was not said to us.'}"
    if channel["refetches"]:
        yield f"**Asks again:** up to {channel['refetches']} at once, ever more rarely, for late edits and deletions."
    if channel["metrics"]:
        yield f"**Counts:** {', '.join(channel['metrics'])}.{_reason(because, 'metrics')}"
    if channel["watches"]:
        yield "**Watches:** words and hashtags, also where nobody names the account."
    if channel["replies"]:
        private = f", {text['private_limit']:,} to a direct message" if text["private_limit"] else ""
        later = " Tells later when one did not arrive." if channel["tells_failures"] else ""
        yield f"**Answers:** up to {text['limit']:,} {UNITS[text['unit']]}{private}.{later}{_reason(because, 'replies')}"
    else:
        yield f"**Answers:** none. {because.get('replies', '')}".strip()
    yield from _acts(channel["acts"])
    yield from _terms(channel)
    for rate in channel["rates"]:
        scope = f" for {rate['scope']}" if rate["scope"] else ""
        yield f"**Pace:** {rate['calls']:,} {_calls(rate['calls'])} {_per(rate['seconds'])}{scope}."


def _ways(channel: Mapping[str, Any]) -> str:
    ways = [way for way, is_so in (("asking", channel["polls"]), ("webhook", channel["receives"])) if is_so]
    return " and ".join(ways) or "import"


def _changes(channel: Mapping[str, Any]) -> str:
    heard = [
        word for word, is_so in (("edits", channel["tells_edits"]), ("deletions", channel["tells_deletes"])) if is_so
    ]
    missing = [word for word in ("tells_edits", "tells_deletes") if not channel[word]]
    reasons = dict.fromkeys(channel["because"][word] for word in missing if word in channel["because"])
    told = f"Hears of {' and '.join(heard)}." if heard else "Does not hear of edits or deletions."
    return " ".join([told, *reasons])


def _acts(acts: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    possible = [act for act in acts if act["is_possible"]]
    if possible:
        named = (_words(act["name"]) + (" (and back)" if act["is_undoable"] else "") for act in possible)
        yield f"**Acts:** {', '.join(named)}."
    yield from (f"{_words(act['name']).capitalize()}: {act['because']}" for act in possible if act["because"])
    reasons: dict[str, list[str]] = {}
    for act in acts:
        if not act["is_possible"]:
            reasons.setdefault(act["because"], []).append(_words(act["name"]))
    yield from (f"Not possible: {', '.join(names)}. {reason}" for reason, names in reasons.items())


def _terms(channel: Mapping[str, Any]) -> Iterator[str]:
    keeps = channel["retention"]
    limits = [
        f"{what} for {hours:,} hours"
        for what, hours in (("the words", keeps["text_hours"]), ("names and pictures", keeps["author_hours"]))
        if hours is not None
    ]
    if keeps["refresh_days"] is not None:
        limits.append(f"nothing longer than {keeps['refresh_days']} days without asking again")
    if limits:
        yield f"**Keeps:** {', '.join(limits)}. {keeps['because']}".strip()
    if not channel["allows_training"]:
        yield f"**Learning:** the classifier never learns from these messages.{_reason(channel['because'], 'allows_training')}"


def _field(field: Mapping[str, Any]) -> str:
    marks = [mark for mark, is_so in (("secret", field["is_secret"]), ("optional", not field["is_required"])) if is_so]
    told = f" ({', '.join(marks)})" if marks else ""
    return f"**{field['title']}**{told}{': ' + field['description'] if field['description'] else ''}"


def _reason(because: Mapping[str, str], name: str) -> str:
    return f" {because[name]}" if name in because else ""


def _per(seconds: int) -> str:
    return f"a {SECONDS[seconds]}" if seconds in SECONDS else f"in {seconds:,} seconds"


def _calls(number: int) -> str:
    return "call" if number == 1 else "calls"


def _words(name: str) -> str:
    return str(name).replace("_", " ")
