"""A real WordPress: commented there, read here, answered, moderated and taken back, and each time seen there by somebody else."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from inbox.channels.models import ChannelState
from inbox.clock import now
from inbox.connectors.contract import ActName, NeedsPerson, Visibility
from inbox.conversations.models import Direction, Message
from inbox.members.models import Member
from inbox.outbox.models import DeliveryState
from tests.peers.house import House
from tests.peers.wordpress.site import Site

pytestmark = [pytest.mark.peers, pytest.mark.timeout(300)]
SignIn = Callable[[str], httpx.Client]


@pytest.fixture
def readers(signed_in: SignIn) -> httpx.Client:
    """Anybody: what they are shown is what the whole world sees."""
    return signed_in("")


@pytest.fixture
def article(site: Site, signed_in: SignIn) -> Iterator[int]:
    """A new article without comments; whatever stood below it goes with it."""
    body = {"title": "Runner beans & peas", "content": "They climb.", "status": "publish"}
    made = signed_in("brand").post("posts", json=body).raise_for_status().json()
    yield int(made["id"])
    signed_in("brand").delete(f"posts/{made['id']}", params={"force": True}).raise_for_status()


@pytest.fixture
def blog(house: House, site: Site, article: int) -> House:
    """A house that listens to the site as its editor."""
    house.connect("wordpress", site=site.url, username="brand", password=site.passwords["brand"])
    return house


def comment(client: httpx.Client, article: int, text: str, *, to: str = "", at: str = "") -> str:
    """Somebody comments; gives the comment's id."""
    more = {**({"parent": int(to)} if to else {}), **({"date_gmt": at} if at else {})}
    body = {"post": article, "content": text, **more}
    return str(client.post("comments", json=body).raise_for_status().json()["id"])


def shown(readers: httpx.Client, article: int) -> dict[str, Any]:
    """What anybody is shown below the article, by id."""
    found = readers.get("comments", params={"post": article, "per_page": 100}).raise_for_status().json()
    return {str(each["id"]): each for each in found}


def test_a_comment_that_waits_is_approved_and_answered_and_the_answer_is_read(
    blog: House, article: int, signed_in: SignIn, readers: httpx.Client
) -> None:
    question = comment(signed_in("fan"), article, "When do I sow <b>beans</b> & peas? 🌱")
    message = blog.received(question)
    assert (message.text, message.visibility) == ("When do I sow beans & peas? 🌱", Visibility.PRIVATE)
    assert blog.conversation_of(question).subject == "Runner beans & peas"
    assert question not in shown(readers, article)

    blog.act(question, ActName.APPROVE)
    answer = blog.reply(question, "In May <when> it is warm & wet.\n\nNot before.")
    seen = shown(readers, article)
    assert seen[answer.external_id or ""]["parent"] == int(question)
    assert "In May &lt;when&gt; it is warm &amp; wet." in seen[answer.external_id or ""]["content"]["rendered"]

    # Our own answer comes back with the next poll, and is no second message.
    blog.poll()
    assert [each.external_id for each in blog.messages(Direction.OUT)] == [answer.external_id]
    thanks = comment(signed_in("fan"), article, "Thank you!", to=str(answer.external_id))
    assert blog.received(thanks).conversation_id == message.conversation_id
    assert blog.stored(question).visibility == Visibility.PUBLIC


@pytest.mark.parametrize("name", [ActName.HOLD, ActName.MARK_SPAM, ActName.DELETE])
def test_what_is_put_out_of_sight_here_nobody_sees_there_until_it_is_undone(
    blog: House, article: int, signed_in: SignIn, readers: httpx.Client, name: ActName
) -> None:
    insult = comment(signed_in("fan"), article, f"Cheap watches, {name}!")
    blog.received(insult)
    blog.act(insult, ActName.APPROVE)
    assert insult in shown(readers, article)

    done = blog.act(insult, name)
    assert insult not in shown(readers, article)
    assert blog.stored(insult).hidden_at
    # What we put away ourselves has not been deleted by its author: its words stay, and so does the way back.
    blog.an_hour_later()
    assert blog.stored(insult).text == f"Cheap watches, {name}!"

    blog.undo(done)
    assert insult in shown(readers, article)
    assert not blog.stored(insult).hidden_at
    blog.an_hour_later()
    assert not blog.stored(insult).deleted_at


def test_what_moderators_change_and_remove_there_is_seen_here(blog: House, article: int, signed_in: SignIn) -> None:
    owner = signed_in("brand")
    changed, binned, purged = (comment(signed_in("fan"), article, text) for text in ("first words", "bin", "purge"))
    for each in (changed, binned, purged):
        blog.received(each)
    owner.post(f"comments/{changed}", json={"content": "second words", "status": "approved"}).raise_for_status()
    owner.delete(f"comments/{binned}").raise_for_status()
    owner.delete(f"comments/{purged}", params={"force": True}).raise_for_status()
    blog.an_hour_later()
    assert blog.stored(changed).text == "second words"
    assert blog.stored(binned).deleted_at
    assert blog.stored(purged).deleted_at


def test_a_guest_who_writes_into_the_form_is_one_member(blog: House, site: Site, article: int) -> None:
    for number in range(2):
        form = {"comment_post_ID": article, "author": "Jörg „Beet“", "email": "joerg@example.org", "url": "https://example.org/",
                "comment": f"Frage {number}: 5 < 6 & „so“\n\nmit Absatz 👩‍🌾", "submit": "Post Comment"}  # fmt: skip
        answer = httpx.post(f"{site.url}/wp-comments-post.php", data=form, timeout=20)
        assert answer.status_code == 302, answer.text[-500:]
    blog.poll()
    with blog.database.reading() as session:
        members = session.scalars(sa.select(Member)).all()
        texts = session.scalars(sa.select(Message.text).order_by(Message.id)).all()
    assert [member.name for member in members] == ["Jörg „Beet“"]
    assert texts == [f"Frage {number}: 5 < 6 & „so“\n\nmit Absatz 👩‍🌾" for number in range(2)]


def test_a_busy_hour_is_read_whole(blog: House, site: Site, article: int, signed_in: SignIn) -> None:
    brand = signed_in("brand")
    written = [comment(brand, article, f"Nummer {number}") for number in range(120)]
    blog.poll()
    written += [comment(brand, article, f"Nummer {number}") for number in range(120, 135)]
    blog.poll()
    assert {each.external_id for each in blog.messages(Direction.OUT)} == set(written)
    assert blog.is_balanced()


def test_comments_that_are_closed_refuse_the_answer_and_say_so(blog: House, article: int, signed_in: SignIn) -> None:
    question = comment(signed_in("fan"), article, "Still open?")
    blog.received(question)
    signed_in("brand").post(f"posts/{article}", json={"comment_status": "closed"}).raise_for_status()
    refused = blog.reply(question, "Too late")
    assert (refused.state, refused.external_id) == (DeliveryState.FAILED, None)
    assert "comments are closed" in refused.last_error


def test_the_same_words_twice_are_refused_with_the_reason(blog: House, article: int, signed_in: SignIn) -> None:
    question = comment(signed_in("fan"), article, "And peas?")
    blog.received(question)
    assert blog.reply(question, "In March").state == DeliveryState.SENT
    again = blog.reply(question, "In March")
    assert again.state == DeliveryState.FAILED
    assert "Duplicate comment" in again.last_error


def test_an_answer_whose_receipt_got_lost_is_found_there(
    blog: House, article: int, signed_in: SignIn, readers: httpx.Client, lost_answers: Callable[[str, str], Any]
) -> None:
    question = comment(signed_in("fan"), article, "Is anybody there?")
    blog.received(question)
    blog.act(question, ActName.APPROVE)
    with lost_answers("POST", "/wp-json/wp/v2/comments"):
        unsure = blog.reply(question, "Yes & we <listen>")
        assert unsure.state == DeliveryState.UNSURE
    found = blog.looked_up(unsure)
    assert found.state == DeliveryState.SENT
    assert [name for name, each in shown(readers, article).items() if each["parent"]] == [found.external_id]


def test_a_password_that_was_revoked_needs_a_person(house: House, site: Site, signed_in: SignIn) -> None:
    passwords = "users/me/application-passwords"
    made = signed_in("brand").post(passwords, json={"name": "Soon gone"}).raise_for_status().json()
    house.connect("wordpress", site=site.url, username="brand", password=made["password"])
    house.poll()
    signed_in("brand").delete(f"{passwords}/{made['uuid']}").raise_for_status()
    house.poll_once()
    assert house.channel().state == ChannelState.BROKEN
    assert "does not accept the credentials" in house.channel().last_error


def test_a_reader_may_not_be_connected(house: House, site: Site) -> None:
    with pytest.raises(NeedsPerson, match="moderate"):
        house.connect("wordpress", site=site.url, username="fan", password=site.passwords["fan"])


def test_its_feed_of_comments_is_read_too(house: House, site: Site, article: int, signed_in: SignIn) -> None:
    written = comment(signed_in("brand"), article, "Beans & peas <3")
    house.connect("rss", url=f"{site.url}/comments/feed/")
    house.poll()
    assert [each.text for each in house.messages() if each.url.endswith(f"#comment-{written}")] == ["Beans & peas <3"]


def test_an_article_in_the_bin_takes_its_comments_along(blog: House, article: int, signed_in: SignIn) -> None:
    owner = signed_in("brand")
    question = comment(owner, article, "Where are the beans?")
    other = comment(signed_in("fan"), article, "Here!", to=question)
    blog.received(other)
    blog.received(question)
    owner.delete(f"posts/{article}").raise_for_status()
    blog.an_hour_later()
    assert blog.stored(other).deleted_at


@pytest.fixture
def plain(site: Site) -> Iterator[None]:
    """A site whose addresses do not speak; its API then lies behind a query."""
    site.set("permalink_structure", "")
    yield
    site.set("permalink_structure", "/%postname%/")


@pytest.mark.usefixtures("plain")
def test_a_site_without_speaking_addresses_is_no_different(
    blog: House, article: int, site: Site, readers: httpx.Client
) -> None:
    def ask(method: str, path: str, name: str = "", body: Any = None, **query: Any) -> Any:
        auth = (name, site.passwords[name]) if name else None
        where = {"rest_route": f"/wp/v2/{path}", **query}
        answer = httpx.request(method, f"{site.url}/", params=where, json=body, auth=auth, timeout=20)
        return answer.raise_for_status().json()

    question = str(ask("POST", "comments", "fan", {"post": article, "content": "And here?"})["id"])
    assert blog.received(question).text == "And here?"
    done = blog.act(question, ActName.APPROVE)
    answer = blog.reply(question, "Just so")
    assert answer.external_id in [str(each["id"]) for each in ask("GET", "comments", post=article)]
    blog.undo(done)
    assert question not in [str(each["id"]) for each in ask("GET", "comments", post=article)]


def test_only_what_was_written_since_then_is_read(house: House, site: Site, article: int, signed_in: SignIn) -> None:
    brand = signed_in("brand")
    old, older = (
        comment(brand, article, text, at=f"{year}-02-02T12:00:00") for text, year in (("old", 2020), ("older", 2019))
    )
    new = comment(brand, article, "new", to=old)
    house.connect(
        "wordpress", since=now() - timedelta(days=1), site=site.url, username="brand", password=site.passwords["brand"]
    )
    # What it answers is older: it is shown with its answer, and is no message of its own.
    assert house.received(new).quote == "brand: old"
    assert house.find(old) is None
    assert house.find(older) is None
