"""A Facebook page beyond the contract: what deliveries tell, what others post, the window of Messenger, and rights."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from inbox.connectors import meta_setup
from inbox.connectors.contract import Act, ActName, Batch, Known, NeedsPerson, OutgoingReply, Refused, Visibility
from tests.contract.stage_facebook import PAGE, FacebookStage, MessengerStage

SAID_AT = "2026-11-20T12:00:00+00:00"


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> FacebookStage:
    return FacebookStage(monkeypatch)


@pytest.fixture
def messenger(monkeypatch: pytest.MonkeyPatch) -> MessengerStage:
    return MessengerStage(monkeypatch)


def deliver(stage: FacebookStage, **entry: Any) -> Batch:
    return stage.connector().receive(*stage.signed([{"id": PAGE, **entry}], forged=False))


def feed(**value: Any) -> dict[str, Any]:
    return {"changes": [{"field": "feed", "value": value}]}


def reply(**handle: Any) -> OutgoingReply:
    return OutgoingReply("k", "Gern.", "t", "p", handle)


def test_a_comment_keeps_to_its_thread_and_names_the_post(stage: FacebookStage) -> None:
    messages = {m.external_id: m for batch in stage.brought() for m in batch.messages}
    answer = messages["5501_904"]
    assert (answer.thread_id, answer.parent_id) == ("5501_906", "5501_906")
    assert answer.subject == "Die neue Wochenansicht ist da."


def test_an_answer_to_an_answer_lands_in_the_thread(stage: FacebookStage) -> None:
    messages = {m.external_id: m for batch in stage.brought() for m in batch.messages}
    stage.connector().send(stage.reply_to(messages["5501_904"]))
    assert stage.requests[-1].url.path == "/v23.0/5501_906/comments"


def test_what_somebody_posts_on_the_page_is_a_message(stage: FacebookStage, monkeypatch: pytest.MonkeyPatch) -> None:
    real = stage.route

    def with_visitor(request: Any) -> Any:
        response = real(request)
        if request.url.path.endswith("/feed"):
            body = response.json()
            post = {"id": f"{PAGE}_7", "from": {"id": "7009", "name": "Ida"}, "message": "Toller Kalender!"}
            counts = {"shares": {"count": 4}, "reactions": {"data": [], "summary": {"total_count": 31}}}
            body["data"].append({**post, **counts, "created_time": "2026-11-20T09:00:00+0000"})
            return type(response)(200, json=body)
        return response

    monkeypatch.setattr(stage, "route", with_visitor)
    found = [m for batch in stage.brought() for m in batch.messages if m.external_id == f"{PAGE}_7"]
    assert [(m.text, m.reply_handle["is_post"]) for m in found] == [("Toller Kalender!", True)]
    assert dict(found[0].metrics) == {"shares": 4, "reactions": 31}


def test_a_delivery_tells_of_edits_and_deletions(stage: FacebookStage) -> None:
    sender = {"id": "7001", "name": "Lena"}
    edited = feed(item="comment", verb="edited", comment_id="5501_906", post_id="p", message="Neu", **{"from": sender})
    assert [m.text for m in deliver(stage, **edited).messages] == ["Neu"]
    removed = deliver(stage, **feed(item="comment", verb="remove", comment_id="5501_906", post_id="p"))
    assert [gone.external_id for gone in removed.deletions] == ["5501_906"]


def test_a_delivery_for_another_page_and_a_reaction_are_counted_and_left_out(stage: FacebookStage) -> None:
    other = stage.signed([{"id": "999", **feed(item="comment", verb="add")}], forged=False)
    batch = stage.connector().receive(*other)
    assert (batch.filtered, batch.fetched) == (1, 1)
    assert deliver(stage, **feed(item="reaction", verb="add")).filtered == 1


def test_an_echo_of_our_own_answer_is_known_as_ours(messenger: MessengerStage) -> None:
    said = {"mid": "m_ours", "text": "Gern.", "is_echo": True}
    echo = {"sender": {"id": PAGE}, "recipient": {"id": "7011"}, "timestamp": 1_795_176_000_000, "message": said}
    (message,) = deliver(messenger, messaging=[echo]).messages
    assert message.author
    assert message.author.is_us
    assert message.thread_id == "person:7011"
    assert message.visibility is Visibility.DIRECT


@pytest.mark.parametrize("entry", [{"changes": 3}, {"messaging": "x"}, {"changes": [None, 7], "messaging": None}])
def test_an_entry_of_nonsense_brings_nothing(stage: FacebookStage, entry: Any) -> None:
    batch = deliver(stage, **entry)
    assert not batch.messages
    assert batch.answer


@pytest.mark.parametrize("strange", [{}, {"message": {"mid": ""}}, {"message": {"mid": "m"}}, {"message": 3}, None, 7])
def test_a_strange_message_harms_no_other(messenger: MessengerStage, strange: Any) -> None:
    good = messenger._said(messenger.items[0])
    batch = deliver(messenger, messaging=[strange, good])
    assert [m.external_id for m in batch.messages] == ["m_x6"]
    assert batch.fetched == 2


@pytest.mark.parametrize(
    ("hours", "later", "tag"), [(23, False, None), (25, True, "HUMAN_AGENT"), (6 * 24, True, "HUMAN_AGENT")]
)
def test_an_answer_leaves_while_the_window_is_open(
    messenger: MessengerStage, monkeypatch: pytest.MonkeyPatch, hours: int, later: bool, tag: str | None
) -> None:
    at = datetime.fromtimestamp(datetime.fromisoformat(SAID_AT).timestamp() + hours * 3600, UTC)
    monkeypatch.setattr(meta_setup, "now", lambda: at)
    monkeypatch.setitem(messenger.settings, "answers_later", later)
    messenger.connector().send(reply(person_id="7011", said_at=SAID_AT))
    body = json.loads(messenger.requests[-1].content)
    assert body.get("tag") == tag
    assert body["recipient"] == {"id": "7011"}


@pytest.mark.parametrize(("hours", "later"), [(25, False), (8 * 24, True)])
def test_after_the_window_an_answer_is_refused_before_it_leaves(
    messenger: MessengerStage, monkeypatch: pytest.MonkeyPatch, hours: int, later: bool
) -> None:
    at = datetime.fromtimestamp(datetime.fromisoformat(SAID_AT).timestamp() + hours * 3600, UTC)
    monkeypatch.setattr(meta_setup, "now", lambda: at)
    monkeypatch.setitem(messenger.settings, "answers_later", later)
    with pytest.raises(Refused, match=r"24 hours|7 days"):
        messenger.connector().validate(reply(person_id="7011", said_at=SAID_AT))
    assert not messenger.requests


def test_a_long_answer_fits_a_comment_but_not_messenger(messenger: MessengerStage) -> None:
    long = OutgoingReply("k", "x" * 2_001, "t", "p", {"person_id": "7011", "said_at": SAID_AT})
    with pytest.raises(Refused, match="2000"):
        messenger.connector().validate(long)


def test_a_person_without_a_name_cannot_be_blocked(stage: FacebookStage) -> None:
    with pytest.raises(Refused, match="who wrote"):
        stage.connector().act(Act("k", ActName.BLOCK, "5501_902", "", {"comment_id": "5501_902"}))


def test_a_comment_that_the_page_cannot_hide_is_not_tried(stage: FacebookStage) -> None:
    with pytest.raises(Refused, match="hide"):
        stage.connector().act(Act("k", ActName.HIDE, "c", "a", {"comment_id": "c", "can_hide": False}))
    assert not stage.requests


def test_what_is_gone_is_deleted_already(stage: FacebookStage) -> None:
    stage.upset, stage.upset_where = (lambda _r: stage.said(400, 100, 33)), (lambda r: r.method == "DELETE")
    assert stage.connector().act(Act("k", ActName.DELETE, "5501_902", "a", {"comment_id": "5501_902"}))


def test_the_pages_own_token_is_used_as_long_as_the_settings_are_the_same(stage: FacebookStage) -> None:
    account = stage.connector().check()
    assert account.name == "Garten"
    stage.brought()
    assert stage.requests[-1].headers["Authorization"] == "Bearer page-token-1"
    stage.settings = {**stage.settings, "access_token": "EAAanother"}
    stage.brought()
    assert stage.requests[-1].headers["Authorization"] == "Bearer EAAanother"


def test_a_missing_right_takes_away_what_it_was_for_and_says_so(stage: FacebookStage) -> None:
    stage.memory.save({"granted": ["pages_read_engagement", "pages_read_user_content"]})
    said = stage.connector().describe()
    assert not said.replies
    assert said.acts == {ActName.BLOCK}
    assert "pages_manage_engagement" in said.because[ActName.HIDE]
    assert [stream.name for stream in stage.connector().streams()] == ["comments"]


@pytest.mark.parametrize(("fields", "is_told"), [(("feed", "messages"), False), (("messages",), True), ((), True)])
def test_a_page_that_does_not_deliver_yet_says_so(stage: FacebookStage, fields: tuple[str, ...], is_told: bool) -> None:
    stage.subscribed = fields
    stage.connector().check()
    assert ("receives" in stage.connector().describe().because) is is_told


def test_where_meta_does_not_say_who_is_subscribed_nothing_is_claimed(stage: FacebookStage) -> None:
    stage.upset, stage.upset_where = (
        (lambda _r: stage.said(403, 200)),
        (lambda r: r.url.path.endswith("subscribed_apps")),
    )
    stage.connector().check()
    assert "receives" not in stage.connector().describe().because


def test_a_token_that_may_not_read_needs_another(stage: FacebookStage) -> None:
    rows = {"data": [{"permission": "pages_show_list", "status": "granted"}]}
    stage.upset = lambda _request: type(stage.said(400, 1))(200, json=rows)
    stage.upset_where = lambda request: request.url.path.endswith("/permissions")
    with pytest.raises(NeedsPerson, match="pages_read_engagement"):
        stage.connector().check()


def test_private_messages_are_asked_for_again_as_such(messenger: MessengerStage) -> None:
    (message,) = (m for b in messenger.brought() for m in b.messages if m.external_id == "m_x6")
    again = messenger.connector().refetch([Known(message.external_id, message.thread_id, message.reply_handle)])
    assert [(m.external_id, m.thread_id) for m in again.messages] == [("m_x6", "person:7011")]
