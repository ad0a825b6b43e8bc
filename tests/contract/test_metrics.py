"""What a platform counts beside a message: as declared, as it came, and the same when the message is asked for again."""

from collections.abc import Iterable

import pytest

from inbox.connectors.contract import IncomingMessage, Metric
from inbox.connectors.registry import CHANNELS, channel_connector
from tests.contract.stage import Stage
from tests.contract.stages import STAGES
from tests.contract.test_changing import again_of
from tests.contract.traits import counted, needs, polled, refetched


@needs(polled)
def test_nothing_is_counted_that_is_not_declared(stage: Stage) -> None:
    assert names_of(read(stage)) <= stage.connector().capabilities.metrics


@pytest.mark.parametrize("kind", sorted(kind for kind in CHANNELS if channel_connector(kind).capabilities.metrics))
def test_what_is_declared_comes_from_the_platform(kind: str) -> None:
    """Of all streams together, first read, asked for again, or asked for by themselves."""
    found: set[Metric] = set()
    for played in [stage for stage in STAGES.values() if stage.kind == kind]:
        with pytest.MonkeyPatch.context() as patch:
            stage = played(patch)
            found |= stage.no_metric.keys()
            connector = stage.connector()
            batches = [b for spec in connector.streams() for b in connector.poll(spec.name, None, None)]
            found |= names_of(message for batch in batches for message in batch.messages)
            for known in stage.known(batches):
                found |= names_of(connector.refetch([known]).messages) if connector.capabilities.refetches else set()
                found |= {metric for counts in connector.metrics([known]).values() for metric in counts}
    assert found == channel_connector(kind).capabilities.metrics


@needs(counted, refetched)
def test_who_asks_again_is_told_the_counts_again(stage: Stage) -> None:
    batches = stage.brought()
    before = {message.external_id: message.metrics for batch in batches for message in batch.messages}
    known = stage.known(batches)[: stage.connector().capabilities.refetches]
    again = again_of(stage, known).messages
    for message in again:
        counts = before[message.external_id]
        assert {**message.metrics, **counts} == {**counts, **message.metrics}
    assert names_of(again), "asking again is how the counts keep up"


def read(stage: Stage) -> list[IncomingMessage]:
    return [message for batch in stage.brought() for message in batch.messages]


def names_of(messages: Iterable[IncomingMessage]) -> set[Metric]:
    return {metric for message in messages for metric in message.metrics}
