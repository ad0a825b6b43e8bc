"""Asking again: what is gone is told apart from what an account may not see any more."""

from collections.abc import Sequence
from typing import Any, ClassVar

import httpx
import pytest

from inbox.channels.fetch import refetch
from inbox.channels.open import NoMemory
from inbox.connectors.contract import (
    Account,
    Batch,
    Capabilities,
    ChannelConnector,
    Deletion,
    Gone,
    IncomingMessage,
    Known,
    NeedsPerson,
    Passing,
    Setup,
    Surroundings,
)
from inbox.connectors.json_api import JsonApi

KNOWN = [Known("1", "t", {}), Known("2", "t", {})]


class Forum(ChannelConnector):
    """Shows the messages in `there`."""

    kind: ClassVar[str] = "forum"
    label: ClassVar[str] = "Forum"
    setup: ClassVar[type[Setup]] = Setup
    capabilities: ClassVar[Capabilities] = Capabilities(refetches=20)
    there: ClassVar[Sequence[str]] = ()
    may_look: ClassVar[bool] = True
    looks: int = 0

    def check(self) -> Account:
        self.looks += 1
        if not self.may_look:
            raise NeedsPerson("The project is not visible to this token.")
        return Account("Forum")

    def refetch(self, known: Sequence[Known]) -> Batch:
        return Batch(
            [IncomingMessage(each.external_id, "t", "Hallo") for each in known if each.external_id in self.there],
            [Deletion(each.external_id) for each in known if each.external_id not in self.there],
        )


@pytest.fixture
def forum(monkeypatch: pytest.MonkeyPatch) -> Forum:
    for name in ("there", "may_look"):
        monkeypatch.setattr(Forum, name, getattr(Forum, name))
    return Forum(Setup(), Surroundings(NoMemory()))


def test_that_all_are_gone_is_not_believed_of_a_connection_that_sees_nothing(forum: Forum) -> None:
    Forum.may_look = False
    with pytest.raises(NeedsPerson):
        refetch(forum, KNOWN)


def test_a_connection_that_is_gone_itself_is_tried_again_and_deletes_nothing(
    forum: Forum, monkeypatch: pytest.MonkeyPatch
) -> None:
    def check(_self: Forum) -> Account:
        raise Gone("The project is not there.")

    monkeypatch.setattr(Forum, "check", check)
    with pytest.raises(Passing):
        refetch(forum, KNOWN)


def test_that_all_are_gone_is_believed_of_one_that_works(forum: Forum) -> None:
    assert [each.external_id for each in refetch(forum, KNOWN).deletions] == ["1", "2"]


def test_a_message_that_is_there_is_proof_enough(forum: Forum) -> None:
    Forum.there, Forum.may_look = ["1"], False
    assert [each.external_id for each in refetch(forum, KNOWN).deletions] == ["2"]
    assert forum.looks == 0


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(404, text="<html>nginx</html>"),
        httpx.Response(410),
        httpx.Response(404, json=[]),
    ],
)
def test_not_found_without_the_platforms_words_is_no_deletion(answer: httpx.Response) -> None:
    api: Any = JsonApi(Surroundings(NoMemory()), "https://forum.test")
    api.client._transport = httpx.MockTransport(lambda _request: answer)
    with pytest.raises(Passing):
        api.get("/posts/1.json")
    with pytest.raises(Passing):
        api.ask("/graphql", {})
