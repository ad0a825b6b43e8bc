"""What the page of a channel shows, gathered from the features that know it."""

from collections.abc import Mapping
from typing import Any

from inbox.channels.abilities import abilities
from inbox.channels.backfill import walks
from inbox.channels.begin_sign_in import signs_in
from inbox.channels.ledger import browse_ledger, totals
from inbox.channels.models import Channel
from inbox.channels.pace import budgets_of
from inbox.channels.permission import ends_soon
from inbox.channels.quarantine import count_quarantined
from inbox.channels.redact import redact
from inbox.channels.setup import channel_kinds
from inbox.channels.terms import terms
from inbox.config import LONGEST_UNDO
from inbox.connectors.contract import N_, ActName, Capabilities
from inbox.conversations.list_arrivals import list_last
from inbox.moderation.options import ORDER
from inbox.pages.access import can
from inbox.pages.addresses import receiving_address, return_address
from inbox.pages.metric_words import metric_names
from inbox.pages.stream_words import WATCH, scope_words, stream_words
from inbox.web import house, reading

NOT_OFFERED = N_("The platform does not offer this.")


def shown(channel: Channel) -> dict[str, Any]:
    """The context of `channels/show.html`."""
    session, is_known = reading(), channel.kind in channel_kinds()
    able = abilities(channel)
    return {
        "channel": channel,
        "kinds": channel_kinds(),
        "abilities": able,
        "acts": ORDER,
        "refused": _refused(able),
        "metric_names": metric_names,
        "streams": [each for each in channel.streams if not each.past_of],
        "walks": walks(channel.streams),
        "watch": WATCH,
        "stream_words": stream_words,
        "scope_words": scope_words,
        "budgets": budgets_of(channel) if is_known else [],
        "terms": terms(channel.kind),
        "signs_in": is_known and signs_in(channel.kind),
        "ends_soon": ends_soon(channel.signed_in_until),
        "ledger": browse_ledger(session, channel.id),
        "totals": totals(session, channel.id),
        "quarantined": count_quarantined(session, channel.id),
        # As it came it may hold more than a conversation shows, so only those who manage channels see it.
        "last": [(each, redact(each.raw)) for each in list_last(session, channel.id)] if can("channels:manage") else [],
        "receiving": receiving_address(channel.id),
        "return_address": return_address(),
        "usual_undo": house().settings.undo_seconds,
        "longest_undo": LONGEST_UNDO,
    }


def _refused(able: Capabilities) -> Mapping[str, list[ActName]]:
    """The acts that are not possible, by the reason."""
    reasons: dict[str, list[ActName]] = {}
    for act in ORDER:
        if act not in able.acts:
            reasons.setdefault(able.because.get(act) or able.because.get("acts") or NOT_OFFERED, []).append(act)
    return reasons
