"""The ledger shows every correction, narrowed as asked, page by page, in one statement."""

from dataclasses import fields
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.channels.models import Channel
from inbox.clock import now
from inbox.conversations.models import Message
from inbox.labels.correct import correct
from inbox.labels.models import Correction, Label, Tag
from inbox.labels.undo_correction import undo_correction
from inbox.teams.models import Teammate
from inbox.training.browse import Filters, Which, browse, browse_these, count, model_versions
from tests.making import make_channel, make_conversation, make_identity, make_message, make_teammate


@pytest.fixture
def channel(session: Session) -> Channel:
    return make_channel(session, name="@garden")


@pytest.fixture
def ada(session: Session) -> Teammate:
    return make_teammate(session)


def said(session: Session, channel: Channel, text: str = "Can it fly?", **label: Any) -> Message:
    message = make_message(session, make_conversation(session, channel), text, identity=make_identity(session, channel))
    about = {"primary": Tag.QUESTION, "tags": "question", "question": 0.7, "language": "en", "model_version": "m1"}
    session.add(Label(message_id=message.id, **{**about, **label}))
    session.flush()
    return message


def corrected(session: Session, message: Message, *tags: Tag, by: Teammate) -> Correction:
    kept = correct(session, message.id, tags, by=by)
    assert kept
    return kept


def ids(session: Session, **given: Any) -> list[int]:
    filters = Filters(**given)
    found = [row.id for row in browse(session, filters).rows]
    assert count(session, filters) == len(found)
    return found


def test_a_line_says_who_said_what_about_which_words(session: Session, channel: Channel, ada: Teammate) -> None:
    message = said(session, channel)
    kept = corrected(session, message, Tag.IDEA, Tag.COMPLAINT, by=ada)
    (line,) = browse(session, Filters()).rows
    assert (line.id, line.teammate_name, line.text, line.channel_name) == (kept.id, "Ada", "Can it fly?", "@garden")
    assert (line.before, line.after, line.after_primary) == ("question", "idea complaint", "idea")
    assert (line.model_version, line.probabilities["question"], line.language) == ("m1", 0.7, "en")
    assert line.is_last
    assert not line.is_confirmation
    assert not line.is_contradicted


def test_a_long_text_is_cut_and_a_forgotten_one_is_not_shown(session: Session, channel: Channel, ada: Teammate) -> None:
    long, erased, deleted = (said(session, channel, "x" * 1_000) for _ in range(3))
    for message in (long, erased, deleted):
        corrected(session, message, Tag.IDEA, by=ada)
    assert erased.identity
    erased.identity.member.erased_at = now()
    deleted.deleted_at = now()
    session.flush()
    texts = {row.message_id: row.text for row in browse(session, Filters()).rows}
    assert (len(texts[long.id] or ""), texts[erased.id], texts[deleted.id]) == (300, None, None)


def test_which_tells_changes_confirmations_contradictions_and_undone_ones_apart(
    session: Session, channel: Channel, ada: Teammate
) -> None:
    bo = make_teammate(session, "Bo")
    changed = corrected(session, said(session, channel), Tag.IDEA, by=ada)
    right = corrected(session, said(session, channel), Tag.QUESTION, by=ada)
    undone = corrected(session, said(session, channel), Tag.TROLL, by=ada)
    undo_correction(session, undone, by=ada)
    disputed = said(session, channel)
    first = corrected(session, disputed, Tag.IDEA, by=ada)
    second = corrected(session, disputed, Tag.TROLL, by=bo)
    agreed = said(session, channel)
    third, fourth = (
        corrected(session, agreed, Tag.IDEA, *more, by=who) for who, more in ((ada, ()), (bo, (Tag.TROLL,)))
    )
    everything = [fourth.id, third.id, second.id, first.id, undone.id, right.id, changed.id]
    assert ids(session) == everything
    assert ids(session, which=Which.CHANGED) == [fourth.id, third.id, second.id, first.id, changed.id]
    assert ids(session, which=Which.CONFIRMED) == [right.id]
    assert ids(session, which=Which.UNDONE) == [undone.id]
    assert ids(session, which=Which.CONTRADICTED) == [second.id, first.id]
    lines = {row.id: row for row in browse(session, Filters()).rows}
    assert lines[right.id].is_confirmation
    assert [lines[one].is_contradicted for one in (first.id, second.id, third.id)] == [True, True, False]
    assert [lines[one].is_last for one in (first.id, second.id, undone.id)] == [False, True, False]
    undo_correction(session, second, by=bo)
    assert ids(session, which=Which.CONTRADICTED) == []


def test_accepting_a_proposal_is_a_confirmation_and_judging_a_doubt_is_none(
    session: Session, channel: Channel, ada: Teammate
) -> None:
    proposed = said(session, channel, primary=Tag.UNSURE, tags="", suggested="troll")
    accepted = corrected(session, proposed, Tag.TROLL, by=ada)
    refused = corrected(session, said(session, channel, primary=Tag.UNSURE, tags="", suggested="troll"), by=ada)
    doubtful = corrected(session, said(session, channel, primary=Tag.UNSURE, tags=""), by=ada)
    agreed = corrected(session, said(session, channel, primary=Tag.OTHER, tags=""), by=ada)
    assert ids(session, which=Which.CONFIRMED) == [agreed.id, accepted.id]
    assert ids(session, which=Which.CHANGED) == [doubtful.id, refused.id]
    assert [row.id for row in browse(session, Filters()).rows if row.is_confirmation] == [agreed.id, accepted.id]


def test_each_filter_narrows(session: Session, channel: Channel, ada: Teammate) -> None:
    bo, other = make_teammate(session, "Bo"), make_channel(session)
    plain = corrected(session, said(session, channel), Tag.IDEA, by=ada)
    different = said(session, other, primary=Tag.IDEA, tags="idea", language="de", model_version="m2")
    wanted = corrected(session, different, Tag.TROLL, by=bo)
    wanted.at = now() - timedelta(days=3)
    session.flush()
    narrowing: dict[str, Any] = {
        "teammate_id": bo.id,
        "before": "idea",
        "after": "troll",
        "language": "de",
        "channel_id": other.id,
        "model_version": "m2",
        "until": now() - timedelta(days=2),
        "since": now() - timedelta(days=4),
        "which": Which.CHANGED,
    }
    assert set(narrowing) == {field.name for field in fields(Filters)}
    for name in set(narrowing) - {"since", "which"}:
        assert ids(session, **{name: narrowing[name]}) == [wanted.id], name
    assert ids(session, **narrowing) == [wanted.id]
    assert ids(session, since=now() - timedelta(days=1)) == [plain.id]
    assert ids(session, language="other") == []
    assert model_versions(session) == ["m2", "m1"]


def test_pages_meet_without_gap_or_repeat(session: Session, channel: Channel, ada: Teammate) -> None:
    every = [corrected(session, said(session, channel), Tag.IDEA, by=ada).id for _ in range(7)][::-1]
    first = browse(session, Filters(), limit=3)
    second = browse(session, Filters(), after=first.older, limit=3)
    third = browse(session, Filters(), after=second.older, limit=3)
    assert [row.id for page in (first, second, third) for row in page.rows] == every
    assert (first.newer, third.older) == (None, None)
    back = browse(session, Filters(), before=third.newer, limit=3)
    assert [row.id for row in back.rows] == [row.id for row in second.rows]
    assert browse(session, Filters(), before=second.newer, limit=3).newer is None
    assert [row.id for row in browse(session, Filters(), after=1, limit=3).rows] == every[:3]


def test_it_stops_counting(session: Session, channel: Channel, ada: Teammate, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(4):
        corrected(session, said(session, channel), Tag.IDEA, by=ada)
    monkeypatch.setattr("inbox.training.browse.COUNTED", 2)
    assert count(session, Filters()) == 3


def test_an_empty_ledger_has_no_pages(session: Session) -> None:
    page = browse(session, Filters(), after=7)
    assert (page.rows, page.older, page.newer) == ((), None, None)
    assert browse_these(session, []) == []


def test_a_page_is_one_statement(session: Session, channel: Channel, ada: Teammate) -> None:
    for _ in range(5):
        corrected(session, said(session, channel), Tag.IDEA, by=ada)
    seen: list[str] = []
    sa.event.listen(session.connection(), "before_cursor_execute", lambda *heard: seen.append(heard[2]))
    assert len(browse(session, Filters()).rows) == 5
    assert len(seen) == 1
