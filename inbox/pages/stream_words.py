"""What streams and budgets of a channel are called on screen: by what they bring or count, not by a connector's own names."""

from flask_babel import gettext

from inbox.connectors.contract import N_

# How the streams of watched words are named.
WATCH = "watch:"
# What the streams bring; of several alike, the rest of the name says which.
STREAMS = {
    "comments": N_("Comments"),
    "direct": N_("Direct messages"),
    "discussions": N_("Discussions"),
    "entries": N_("Entries"),
    "held": N_("Held back"),
    "inbox": N_("Inbox"),
    "issues": N_("Issues"),
    "mentions": N_("Mentions"),
    "messages": N_("Messages"),
    "notifications": N_("Notifications"),
    "older": N_("Answers in old threads"),
    "private": N_("Private messages"),
    "queue": N_("Waiting for review"),
    "received": N_("Deliveries"),
    "reviews": N_("Reviews"),
    "rooms": N_("Rooms"),
    "spam": N_("Spam"),
    "threads": N_("Threads being followed"),
}

# What a platform counts apart from all calls; what it names itself, as "graphql", keeps that name.
SCOPES = {
    "": N_("All calls"),
    "answers": N_("Answering"),
    "group": N_("Writing to one group"),
    "hide": N_("Hiding"),
    "mentions": N_("Reading mentions"),
    "mute": N_("Muting"),
    "posts": N_("Reading posts"),
    "reply": N_("Answering"),
    "search": N_("Searching"),
}


def stream_words(name: str) -> str:
    """The words for a stream such as "comments" or "issues:owner/name"; a watched word stands for itself."""
    if name.startswith(WATCH):
        return name.removeprefix(WATCH)
    kind, _, rest = name.partition(":")
    words = gettext(STREAMS[kind]) if kind in STREAMS else kind
    return f"{words}: {rest}" if rest else words


def scope_words(scope: str) -> str:
    """The words for what a budget counts."""
    return gettext(SCOPES[scope]) if scope in SCOPES else scope
