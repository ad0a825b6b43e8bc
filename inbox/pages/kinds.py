"""The kinds of channels as somebody chooses among them: in groups, each with a line about it, found by typing."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask_babel import gettext

from inbox.connectors.contract import N_

GROUPS = {
    N_("Mail, feeds, files"): ("email", "rss", "file", "webhook"),
    N_("Social networks"): (
        "mastodon", "bluesky", "facebook", "instagram", "threads", "x", "linkedin", "youtube", "reddit", "reddit_feed",
    ),
    N_("Chats and messengers"): ("telegram", "slack", "discord", "matrix", "whatsapp", "messenger"),
    N_("Forums and comments"): ("discourse", "nodebb", "lemmy", "wordpress", "stackexchange", "hacker_news"),
    N_("Reviews"): ("google_play", "app_store_connect", "app_store_feed"),
    N_("Issues and discussions"): ("github", "gitlab"),
}  # fmt: skip
OTHERS = N_("Others")
ABOUT = {
    "email": N_("Reads a mailbox over IMAP and answers over SMTP. Nothing in it is marked as read."),
    "mastodon": N_("Mentions and direct messages of an account, on Mastodon and servers that speak its API."),
    "bluesky": N_("Mentions, replies and quotes of an account. Needs an app password."),
    "rss": N_("New entries of a feed: a blog, a forum, reviews. There is no way to answer."),
    "webhook": N_("Any program posts signed messages to an address of yours."),
    "file": N_("A table or mail archive you have at hand, brought in by the command line."),
    "telegram": N_("Groups and direct messages of a bot."),
    "discourse": N_("Topics and posts of a Discourse forum."),
    "nodebb": N_("Topics and posts of a NodeBB forum."),
    "github": N_("Issues and discussions of repositories."),
    "gitlab": N_("Issues and their comments, also on a server of your own."),
    "youtube": N_("Comments under the videos of a channel."),
    "slack": N_("Channels of a workspace, by an internal app."),
    "discord": N_("Channels and threads of a server, by a bot."),
    "wordpress": N_("Comments of a WordPress site, with moderation."),
    "facebook": N_("Comments and messages of a page."),
    "messenger": N_("Messages to a page."),
    "instagram": N_("Comments and direct messages of a professional account."),
    "threads": N_("Replies and mentions of an account."),
    "google_play": N_("Reviews of apps, answered publicly."),
    "app_store_feed": N_("Reviews of apps in Apple's stores, read without a key. There is no way to answer."),
    "app_store_connect": N_("Reviews of apps in Apple's stores, answered publicly."),
    "matrix": N_("Rooms on any Matrix server."),
    "lemmy": N_("Posts, comments and messages on a Lemmy server."),
    "reddit": N_("Posts and comments of communities."),
    "reddit_feed": N_("Posts and comments of communities, read without a key. There is no way to answer."),
    "whatsapp": N_("Messages to a business number, by the Cloud API."),
    "x": N_("Mentions of an account. Reading is paid by the post."),
    "linkedin": N_("Comments on a company page. Words may be kept for 48 hours."),
    "stackexchange": N_("Questions under tags. There is no way to answer."),
    "hacker_news": N_("Stories and comments in which words are named. There is no way to answer."),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """A kind to choose, in the reader's language."""

    kind: str
    label: str
    about: str


def grouped(kinds: Mapping[str, str], words: str = "") -> dict[str, list[Choice]]:
    """The kinds by group, those alone that `words` occur in; groups without any are left out."""
    known = {kind for group in GROUPS.values() for kind in group}
    groups = {**GROUPS, OTHERS: tuple(kind for kind in kinds if kind not in known)}
    chosen = {
        gettext(name): [choice for kind in members if kind in kinds and _fits(choice := _choice(kind, kinds), words)]
        for name, members in groups.items()
    }
    return {name: choices for name, choices in chosen.items() if choices}


def _choice(kind: str, kinds: Mapping[str, str]) -> Choice:
    return Choice(kind, gettext(kinds[kind]), gettext(ABOUT[kind]) if kind in ABOUT else "")


def _fits(choice: Choice, words: str) -> bool:
    text = f"{choice.label} {choice.about} {choice.kind}".casefold()
    return all(word in text for word in words.casefold().split())
