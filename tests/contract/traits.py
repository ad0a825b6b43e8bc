"""What a platform has, read off what its connector declares; each test is tried on the platforms that have what it is about."""

from collections.abc import Callable

import pytest

from inbox.connectors.contract import ChannelConnector
from inbox.connectors.registry import CHANNELS, channel_connector
from tests.contract.stage import Stage

Trait = Callable[[type[Stage]], str]  # the reason why a stage lacks it, or ""


def polled(stage: type[Stage]) -> str:
    """Its items are read by us."""
    return _unless(stage, "polls", "its messages are brought")


def brought(stage: type[Stage]) -> str:
    """Its messages are delivered to us."""
    return _unless(stage, "receives", "nothing is delivered")


def paged(stage: type[Stage]) -> str:
    """Its items come in pages."""
    return polled(stage) or stage.no_pages


def authors(stage: type[Stage]) -> str:
    """Its items name who wrote."""
    return stage.no_authors


def sending(stage: type[Stage]) -> str:
    """It can be answered."""
    return _unless(stage, "replies", "it takes no answers")


def searched(stage: type[Stage]) -> str:
    """It can be asked what arrived."""
    return sending(stage) or stage.no_search


def receipted(stage: type[Stage]) -> str:
    """It says what became of an answer."""
    return sending(stage) or stage.no_receipt


def edits(stage: type[Stage]) -> str:
    """It tells of edits."""
    return _unless(stage, "tells_edits", "it does not tell of edits")


def deletions(stage: type[Stage]) -> str:
    """It tells of deletions."""
    return _unless(stage, "tells_deletes", "it does not tell of deletions")


def refetched(stage: type[Stage]) -> str:
    """It gives single messages again."""
    return _unless(stage, "refetches", "it does not give single messages again") or stage.no_refetch


def asked_above(stage: type[Stage]) -> str:
    """What a message answers is asked for by a question of its own."""
    if connector_of(stage).thread is ChannelConnector.thread:
        return "what is answered comes along, or is not told"
    return stage.no_answers


def counted(stage: type[Stage]) -> str:
    """It tells public counts of the messages of this stream."""
    return _unless(stage, "metrics", "it counts nothing for everybody to see") or stage.no_metrics


def acting(stage: type[Stage]) -> str:
    """Something can be done about a message or its author."""
    return _unless(stage, "acts", "nothing can be done there")


def markup(stage: type[Stage]) -> str:
    """Its words come in a markup of its own."""
    return stage.no_markup


def quarantined(stage: type[Stage]) -> str:
    """What of it cannot be read is kept, and read again."""
    return stage.no_quarantine


def reporting(stage: type[Stage]) -> str:
    """It tells later that an answer did not arrive."""
    return _unless(stage, "tells_failures", "what it took has arrived, or nobody tells") or brought(stage)


def greeting(stage: type[Stage]) -> str:
    """It asks whether deliveries are expected."""
    return "" if connector_of(stage).greet is not ChannelConnector.greet else "it does not greet"


def timed(stage: type[Stage]) -> str:
    """It signs the time of a delivery."""
    return brought(stage) or stage.no_signed_time


def renewed(stage: type[Stage]) -> str:
    """A person signs in there, and what they gave is renewed."""
    return "" if connector_of(stage).sign_in is not ChannelConnector.sign_in else "its key does not run out"


def renewing(stage: type[Stage]) -> str:
    """What it lets us in with runs out, and is renewed without a person."""
    return "" if connector_of(stage).refresh_auth is not ChannelConnector.refresh_auth else "its key does not run out"


def official(stage: type[Stage]) -> str:
    """There is an official contract of it."""
    return "" if stage.official else stage.no_official or "no official contract is at hand"


def connector_of(stage: type[Stage]) -> type[ChannelConnector]:
    """The connector that is tried on this stage."""
    return channel_connector(stage.kind)


def _unless(stage: type[Stage], capability: str, reason: str) -> str:
    capabilities = connector_of(stage).capabilities
    return "" if getattr(capabilities, capability) else str(capabilities.because.get(capability) or reason)


def lacks(stage: type[Stage], trait: Trait) -> str:
    """Why the platform lacks it, or "" where it does not. A kind that this version does not list is not tried."""
    return trait(stage) if stage.kind in CHANNELS else "it is not listed yet"


def needs(*traits: Trait) -> pytest.MarkDecorator:
    """Marks a test, or a module's tests, as being about platforms that have all of these."""
    return pytest.mark.needs.with_args(*traits)


ALL: tuple[Trait, ...] = (
    *(
        polled,
        brought,
        paged,
        authors,
        sending,
        searched,
        receipted,
        reporting,
        edits,
        deletions,
        refetched,
        asked_above,
        counted,
        acting,
    ),
    *(markup, quarantined, greeting, timed, renewed, renewing, official),
)
