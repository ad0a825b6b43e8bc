"""What a stream of a channel is called on screen: by what it brings, not by the name that the connector gave it."""

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
    "reviews": N_("Reviews"),
    "rooms": N_("Rooms"),
    "spam": N_("Spam"),
    "threads": N_("Threads being followed"),
}


def stream_words(name: str) -> str:
    """The words for a stream such as "comments" or "issues:owner/name"; a watched word stands for itself."""
    if name.startswith(WATCH):
        return name.removeprefix(WATCH)
    kind, _, rest = name.partition(":")
    words = gettext(STREAMS[kind]) if kind in STREAMS else kind
    return f"{words}: {rest}" if rest else words
