"""Everything a channel's platform is asked while it is read, with each connector's mistakes caught. Writes nothing."""

import logging
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import replace

from inbox.channels.check import look
from inbox.channels.due import LEASE, Claimed
from inbox.clock import now
from inbox.connectors.believed import believed
from inbox.connectors.contract import (
    N_,
    Batch,
    ChannelConnector,
    ConnectorError,
    IncomingMessage,
    Known,
    NeedsPerson,
    Passing,
    RateLimited,
    Refused,
)
from inbox.connectors.deadline import ending
from inbox.connectors.http import Forbidden

log = logging.getLogger(__name__)

# For one batch; what is left of its claim is for storing it.
PATIENCE = 0.8 * LEASE
# New messages wait no longer than this for what they answer.
CONTEXT_SECONDS = 300.0


def fetch(connector: ChannelConnector, claimed: Claimed) -> Iterator[Batch]:
    """The batches after the claimed stream's cursor, each read before the claim runs out. Raises ConnectorError and nothing else."""
    batches: Iterator[Batch] = iter(())
    try:
        batches = connector.poll(claimed.name, claimed.cursor, claimed.since)
        while (batch := _next(batches)) is not None:
            yield batch
    except ConnectorError:
        raise
    except Exception as error:  # a connector's mistake stops its own stream, not the worker
        log.exception("poll broke", extra={"stream": claimed.stream_id, "kind": claimed.channel.kind})
        raise Passing(
            N_("The answer could not be understood (%(fault)s); it is tried again.", fault=type(error).__name__)
        ) from error
    finally:
        if isinstance(batches, Generator):
            # Saying goodbye may take for ever as well.
            with ending(now() + PATIENCE):
                batches.close()


def _next(batches: Iterator[Batch]) -> Batch | None:
    with ending(now() + PATIENCE):
        return next(batches, None)


def refetch(connector: ChannelConnector, known: Sequence[Known]) -> Batch:
    """These messages as they are now. Raises ConnectorError and nothing else.

    That one is gone is believed only while where it stood is still seen, as far as the platform lets that be told.
    """
    try:
        return believed(connector, known)
    except Forbidden as error:
        # One of them may have gone where the account may not look. While the account itself is well, the others are asked for.
        look(connector)
        raise Refused(error.sentence) from error
    except ConnectorError:
        raise
    except Exception as error:
        # Refused, not Passing: it may be one message of many, which must not keep the others waiting for ever.
        log.exception("refetch broke", extra={"kind": connector.kind})
        raise Refused(N_("The answer could not be understood (%(fault)s).", fault=type(error).__name__)) from error


def thread(connector: ChannelConnector, orphans: Sequence[IncomingMessage]) -> Batch:
    """What stands above these messages. Raises what must hold the poll up (some patience, a person); all else costs the context only."""
    try:
        return connector.thread(orphans)
    except ConnectorError as error:
        if _holds_up(error):
            raise
        log.warning("threads not filled", extra={"kind": connector.kind, "error": type(error).__name__})
    except Exception:
        log.exception("thread broke", extra={"kind": connector.kind})
    return Batch()


def _holds_up(error: ConnectorError) -> bool:
    """A day's budget that is used up delays no message for its context, nor does a right that only a parent wants break a channel."""
    if isinstance(error, RateLimited):
        return (error.retry_after or 0) <= CONTEXT_SECONDS
    return isinstance(error, NeedsPerson) and not isinstance(error, Forbidden)


def with_metrics(connector: ChannelConnector, known: Sequence[Known], batch: Batch) -> Batch:
    """The batch with public counts also of those messages for which the platform wants another question.

    Nothing waits for a count: where they cannot be had now, they stay as they were.
    """
    uncounted = {message.external_id for message in batch.messages if not message.metrics}
    asked = [each for each in known if each.external_id in uncounted]
    try:
        found = connector.metrics(asked) if asked else {}
    except ConnectorError as error:
        log.warning("not counted", extra={"kind": connector.kind, "error": type(error).__name__})
        return batch
    except Exception:
        log.exception("metrics broke", extra={"kind": connector.kind})
        return batch
    counted = [replace(m, metrics=found[m.external_id]) if m.external_id in found else m for m in batch.messages]
    return replace(batch, messages=counted) if found else batch


def greet(connector: ChannelConnector, query: Mapping[str, str]) -> str:
    """What the platform is answered that asks whether this address expects it. Raises ConnectorError and nothing else."""
    try:
        return connector.greet(query)
    except ConnectorError:
        raise
    except Exception as error:  # strangers ask here too
        log.exception("greet broke", extra={"kind": connector.kind})
        raise Refused(N_("The question could not be understood.")) from error


def receive(connector: ChannelConnector, headers: Mapping[str, str], body: bytes) -> Batch:
    """A webhook's delivery, verified by the connector. Raises Refused, or another ConnectorError, and nothing else."""
    try:
        return connector.receive(headers, body)
    except ConnectorError:
        raise
    except Exception as error:  # strangers write to this address
        log.exception("receive broke", extra={"kind": connector.kind})
        raise Refused(N_("The delivery could not be understood (%(fault)s).", fault=type(error).__name__)) from error
