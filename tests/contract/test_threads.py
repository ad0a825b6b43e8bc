"""What a message answers, asked for where nobody knows it: it comes with the name of its conversation, or is said to be missing."""

from dataclasses import replace

import pytest

from inbox.connectors.contract import ChannelConnector, IncomingMessage
from inbox.connectors.registry import CHANNELS, channel_connector
from tests.contract.stage import Stage
from tests.contract.traits import asked_above, needs


@needs(asked_above)
def test_what_a_message_answers_can_be_asked_for(stage: Stage) -> None:
    answer = an_answer(stage)
    told = stage.connector().thread([answer])
    parents = {message.external_id: message for message in told.messages}
    assert answer.parent_id in parents
    assert parents[answer.parent_id].text
    assert parents[answer.parent_id].thread_id == answer.thread_id


@needs(asked_above)
def test_the_same_parent_is_told_once(stage: Stage) -> None:
    answer = an_answer(stage)
    told = stage.connector().thread([answer, replace(answer, external_id="another")])
    names = [message.external_id for message in told.messages]
    assert len(names) == len(set(names))


@needs(asked_above)
def test_a_parent_that_is_not_there_harms_nothing(stage: Stage) -> None:
    answer = an_answer(stage)
    strange = replace(answer, parent_id="no-such-message", reply_handle={})
    told = stage.connector().thread([strange, answer])
    assert "no-such-message" not in {message.external_id for message in told.messages}
    assert answer.parent_id in {message.external_id for message in told.messages}


@pytest.mark.parametrize("kind", sorted(CHANNELS))
def test_who_can_be_asked_says_so(kind: str) -> None:
    connector = channel_connector(kind)
    assert connector.thread is ChannelConnector.thread or connector.capabilities.threads


def an_answer(stage: Stage) -> IncomingMessage:
    """A recorded message that answers another, if there is one; else one that answers what was there before."""
    messages = {message.external_id: message for batch in stage.brought() for message in batch.messages}
    answers = [message for message in messages.values() if message.parent_id]
    return next((message for message in answers if message.parent_id in messages), answers[0])
