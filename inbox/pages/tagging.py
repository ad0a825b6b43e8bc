"""From which probability on tags are set or proposed: thresholds per label and language, and what they would mean here."""

from collections.abc import Mapping

from flask import Blueprint, Response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from inbox.conversations.move_thresholds import CannotMove, move_thresholds
from inbox.labels.lanes import Lane
from inbox.labels.models import LABELS, Tag, Threshold
from inbox.pages.access import me, requires
from inbox.pages.rendering import number, render
from inbox.pages.telling import tell, tell_refusal
from inbox.teams.permissions import Permission
from inbox.training.expect import STEPS, expect, expect_week
from inbox.web import reading, writing

page = Blueprint("tagging", __name__)

LANGUAGES = ("de", "en")


@page.get("/settings/tagging")
@requires(Permission.CONVERSATIONS_READ)
def show() -> ResponseReturnValue:
    """The thresholds in force, or those in the address to see what they would mean."""
    return _show()


@page.post("/settings/tagging")
@requires(Permission.WORKSPACE_MANAGE)
def update() -> ResponseReturnValue:
    """Let the thresholds of one language be in force, or those of the label `reset` be the model's again."""
    language = _language(request.form.get("language", ""))
    reset = request.form.get("reset", "")
    try:
        with writing() as writable:
            rows = _rows(language, writable)
            before = {f"{tag}-{name}": whole for tag, row in rows.items() for name, whole in _percents(row)}
            asked = {Tag(reset): None} if reset in set(rows) else _wanted(request.form, rows)
            changed = move_thresholds(writable, language, asked, by=me())
    except CannotMove as refusal:
        tell_refusal(gettext(str(refusal)))
        return redirect(url_for("tagging.show", language=language), 303)
    words = ngettext(
        "Applied; %(num)s waiting message now has another tag.",
        "Applied; %(num)s waiting messages now have another tag.",
        changed,
    )
    tell(words, undo=url_for("tagging.update"), fields={"language": language, **before})
    return redirect(url_for("tagging.show", language=language), 303)


def _show() -> Response:
    language = _language(request.args.get("language", me().language))
    rows = _rows(language, reading())
    lanes = {tag: _asked(request.args, row) for tag, row in rows.items()}
    week = expect_week(reading(), language, {(tag, language): lane for tag, lane in lanes.items()})
    expected = expect(reading(), language, {tag: row.curve for tag, row in rows.items()})
    return render(
        "tagging/index.html",
        fragment="tagging/_week.html" if request.headers.get("X-Fragment") == "week" else None,
        language=language,
        languages=LANGUAGES,
        rows=rows,
        lanes={tag: dict(_percents(lane)) for tag, lane in lanes.items()},
        models={tag: dict(_percents(_models(row))) for tag, row in rows.items()},
        expected=expected if week.all else {tag: one.of_hundred() for tag, one in expected.items()},
        week=week,
        about=about,
    )


def _rows(language: str, session: Session) -> dict[Tag, Threshold]:
    found = {Tag(row.label): row for row in session.scalars(select(Threshold).where(Threshold.language == language))}
    return {tag: found[tag] for tag in LABELS if tag in found}


def _language(given: str) -> str:
    return given if given in LANGUAGES else LANGUAGES[0]


def _wanted(given: Mapping[str, str], rows: Mapping[Tag, Threshold]) -> dict[Tag, Lane | None]:
    """The lanes of a form; None for those that stand where the model had put them."""
    asked = {tag: _asked(given, row) for tag, row in rows.items()}
    return {tag: None if lane == _models(rows[tag]) else lane for tag, lane in asked.items()}


def _asked(given: Mapping[str, str], row: Threshold) -> Lane:
    """The lane with the whole percents of a form or an address; a slider that was not moved keeps the exact threshold."""
    automatic = _slid(given.get(f"{row.label}-automatic", ""), row.automatic, row.model_automatic)
    suggest = _slid(given.get(f"{row.label}-suggest", ""), row.suggest, row.model_suggest)
    # Whoever pushes one slider past the other means that one; the other gives way, as it does on the screen.
    return Lane(automatic, min(suggest, automatic))


def _slid(given: str, in_force: float, models: float) -> float:
    whole = int(given) if given.isascii() and given.isdigit() and len(given) < 4 else _percent(in_force)
    return next((exact for exact in (in_force, models) if _percent(exact) == whole), whole / STEPS)


def _models(row: Threshold) -> Lane:
    return Lane(row.model_automatic, row.model_suggest)


def _percents(lane: Lane | Threshold) -> list[tuple[str, int]]:
    return [("automatic", _percent(lane.automatic)), ("suggest", _percent(lane.suggest))]


def _percent(threshold: float) -> int:
    return round(threshold * STEPS)


def about(value: float) -> str:
    """A number of messages a week, as exact as it deserves."""
    if 0 < value < 0.05:
        return f"< {number(0.1)}"  # few are not none
    # Halves go up, as they do in the browser's script.
    return number(round(value + 1e-9)) if value >= 10 else number(round(value + 1e-9, 1))
