"""Bluesky on a real network, through the whole house: written there, read here, answered, moderated, and seen there each time."""

from typing import Any

import pytest

from inbox.connectors.contract import ActName
from inbox.conversations.models import Direction
from tests.peers.atproto.network import Network
from tests.peers.atproto.people import PASSWORD, Person, until
from tests.peers.house import House

pytestmark = [pytest.mark.peers, pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture
def account(house: House, network: Network, brand: Person) -> House:
    """A house that listens to brand's account."""
    house.connect("bluesky", identifier=brand.handle, app_password=PASSWORD, service=network.pds)
    return house


def thread_of(reader: Person, uri: str) -> dict[str, Any]:
    """A thread as somebody sees it."""
    thread: dict[str, Any] = reader.get("app.bsky.feed.getPostThread", uri=uri)["thread"]
    return thread


def replies(reader: Person, uri: str) -> list[str]:
    """The addresses of what is answered below a post, as somebody sees it."""
    return [node["post"]["uri"] for node in thread_of(reader, uri).get("replies", []) if "post" in node]


def gate(reader: Person, uri: str) -> dict[str, Any]:
    """What everybody's programs are told about a thread: who may answer, and what to hide."""
    record: dict[str, Any] = thread_of(reader, uri)["post"].get("threadgate", {}).get("record", {})
    return record


def hidden(reader: Person, uri: str) -> list[str]:
    """The replies that everybody's programs are told to hide below a post."""
    return list(gate(reader, uri).get("hiddenReplies", []))


def test_a_question_is_answered_and_the_talk_goes_on(account: House, brand: Person, fan: Person) -> None:
    root = brand.post("Launch day")
    question = fan.post("Where is my order? 🌱", to=root)
    message = account.received(question["uri"])
    assert (message.text, account.conversation_of(question["uri"]).external_id) == (
        "Where is my order? 🌱",
        root["uri"],
    )
    assert account.conversation_of(question["uri"]).tag

    answer = account.done(account.reply(question["uri"], "On its way").id)
    assert until(lambda: replies(fan, question["uri"])) == [answer.external_id]
    # What was posted there by hand, and our own answer that comes back, are each stored once.
    account.poll()
    ours = [each.external_id for each in account.messages(Direction.OUT)]
    assert sorted(ours) == sorted([root["uri"], answer.external_id])

    sent = fan.get("app.bsky.feed.getPosts", uris=answer.external_id)["posts"][0]
    thanks = fan.post("Thank you!", to={"uri": sent["uri"], "cid": sent["cid"]}, root=root)
    assert account.received(thanks["uri"]).conversation_id == message.conversation_id
    assert account.is_balanced()


def test_a_reply_is_hidden_for_everybody_and_shown_again(account: House, brand: Person, fan: Person) -> None:
    root = brand.post("Launch day")
    kept, insult = fan.post("good luck", to=root), fan.post("you are all idiots", to=root)
    account.received(insult["uri"])
    done = account.act(insult["uri"], ActName.HIDE)
    assert until(lambda: hidden(fan, root["uri"])) == [insult["uri"]]
    assert account.stored(insult["uri"]).hidden_at
    # A hidden reply is still there: nothing about it is lost here.
    account.an_hour_later()
    assert account.stored(insult["uri"]).text == "you are all idiots"
    account.undo(done)
    until(lambda: not hidden(fan, root["uri"]))
    assert not account.stored(insult["uri"]).hidden_at
    assert not account.received(kept["uri"]).hidden_at


def test_hiding_a_reply_leaves_the_rules_of_its_thread(account: House, brand: Person, fan: Person) -> None:
    root, rules = brand.post("Launch day"), [{"$type": "app.bsky.feed.threadgate#mentionRule"}]
    insult = fan.post("you are all idiots", to=root)
    brand.let_answer(root, rules)
    account.received(insult["uri"])
    done = account.act(insult["uri"], ActName.HIDE)
    assert until(lambda: hidden(fan, root["uri"])) == [insult["uri"]]
    assert gate(fan, root["uri"])["allow"] == rules
    account.undo(done)
    until(lambda: not hidden(fan, root["uri"]))
    assert gate(fan, root["uri"])["allow"] == rules


def test_who_quotes_us_is_heard_and_answered(account: House, brand: Person, fan: Person) -> None:
    quoting = fan.post("Have you seen this?", quote=brand.post("Launch day"))
    account.received(quoting["uri"])
    answer = account.done(account.reply(quoting["uri"], "We have").id)
    assert until(lambda: replies(fan, quoting["uri"])) == [answer.external_id]


def test_what_a_mention_answers_is_shown_with_it_and_no_message(
    account: House, network: Network, brand: Person, fan: Person
) -> None:
    stranger = Person.new(network.pds, "stranger")
    question = stranger.post("Which planner do you use?")
    mention = fan.post(f"Ask @{brand.handle}", to=question, mention=brand)
    assert "Which planner do you use?" in account.received(mention["uri"]).quote
    assert account.find(question["uri"]) is None
    answer = account.done(account.reply(mention["uri"], "Ours").id)
    assert until(lambda: replies(stranger, mention["uri"])) == [answer.external_id]
    assert account.conversation_of(mention["uri"]).message_count == 2


def test_an_author_who_is_blocked_sees_it_and_is_let_in_again(account: House, brand: Person, fan: Person) -> None:
    mention = fan.post(f"@{brand.handle} buy now", mention=brand)
    account.received(mention["uri"])
    done = account.act(mention["uri"], ActName.BLOCK)
    until(lambda: fan.sees(brand).get("blockedBy"))
    assert account.is_shut_out(mention["uri"])
    # The network withholds from us what they wrote; that is no deletion.
    account.an_hour_later()
    assert account.stored(mention["uri"]).text
    account.undo(done)
    until(lambda: not fan.sees(brand).get("blockedBy"))
    assert not account.is_shut_out(mention["uri"])
    again = fan.post(f"@{brand.handle} sorry", mention=brand)
    assert account.received(again["uri"]).text


def test_a_like_is_seen_by_its_author_and_taken_back(account: House, brand: Person, fan: Person) -> None:
    praise = fan.post(f"@{brand.handle} you saved my day", mention=brand)
    account.received(praise["uri"])

    def likes() -> int:
        return int(fan.get("app.bsky.feed.getPosts", uris=praise["uri"])["posts"][0]["likeCount"])

    done = account.act(praise["uri"], ActName.LIKE)
    until(lambda: likes() == 1)
    told = until(lambda: fan.get("app.bsky.notification.listNotifications", reasons="like")["notifications"])
    assert [(each["author"]["did"], each["reasonSubject"]) for each in told] == [(brand.did, praise["uri"])]
    account.undo(done)
    until(lambda: likes() == 0)


def test_an_author_is_muted_without_knowing_it_and_heard_again(account: House, brand: Person, fan: Person) -> None:
    mention = fan.post(f"@{brand.handle} buy now", mention=brand)
    account.received(mention["uri"])
    done = account.act(mention["uri"], ActName.MUTE)
    until(lambda: brand.sees(fan).get("muted"))
    assert not fan.sees(brand).get("blockedBy")
    account.undo(done)
    until(lambda: not brand.sees(fan).get("muted"))


def test_what_its_author_deletes_or_rewrites_is_so_here(account: House, brand: Person, fan: Person) -> None:
    gone = fan.post(f"@{brand.handle} forget this", mention=brand)
    changed = fan.post(f"@{brand.handle} first words", mention=brand)
    for each in (gone, changed):
        account.received(each["uri"])
    fan.delete(gone["uri"])
    fan.rewrite(changed["uri"], "second words")
    until(
        lambda: fan.get("app.bsky.feed.getPosts", uris=changed["uri"])["posts"][0]["record"]["text"] == "second words"
    )
    account.an_hour_later()
    assert (account.stored(gone["uri"]).text, bool(account.stored(gone["uri"]).deleted_at)) == ("", True)
    assert account.stored(changed["uri"]).text == "second words"


def test_a_report_lies_before_the_moderators(account: House, network: Network, brand: Person, fan: Person) -> None:
    insult = fan.post(f"@{brand.handle} you are all idiots", mention=brand)
    account.received(insult["uri"])
    account.act(insult["uri"], ActName.REPORT)
    told = until(lambda: network.reports_of(insult["uri"]))
    assert [(report["createdBy"], report["event"]["comment"]) for report in told] == [(brand.did, "spam")]


def test_words_that_nobody_addressed_to_us_are_met(house: House, network: Network, brand: Person, fan: Person) -> None:
    values = {"identifier": brand.handle, "app_password": PASSWORD, "service": network.pds}
    word = f"trellis{brand.handle.split('.')[0]}"
    house.connect("bluesky", watch=word, **values)
    met = fan.post(f"Has anybody tried {word}? It forgets my beds.")
    own = brand.post(f"{word} has news")
    assert house.received(met["uri"]).direction == Direction.IN
    assert house.received(own["uri"]).direction == Direction.OUT
    answer = house.done(house.reply(met["uri"], "Which ones?").id)
    assert until(lambda: replies(fan, met["uri"])) == [answer.external_id]
