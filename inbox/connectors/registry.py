"""Which kinds there are, in the order in which they are shown. A new platform is one file beside this one and one line here."""

from functools import cache
from importlib import import_module

from inbox.connectors.contract import ChannelConnector
from inbox.connectors.tracker_contract import TrackerConnector

CHANNELS = {
    "email": "inbox.connectors.email:Email",
    "rss": "inbox.connectors.rss:Rss",
    "webhook": "inbox.connectors.webhook:Webhook",
    "file": "inbox.connectors.file:File",
    "mastodon": "inbox.connectors.mastodon:Mastodon",
    "bluesky": "inbox.connectors.bluesky:Bluesky",
    "facebook": "inbox.connectors.facebook:Facebook",
    "instagram": "inbox.connectors.instagram:Instagram",
    "threads": "inbox.connectors.threads:Threads",
    "x": "inbox.connectors.x:X",
    "linkedin": "inbox.connectors.linkedin:LinkedIn",
    "youtube": "inbox.connectors.youtube:YouTube",
    "reddit": "inbox.connectors.reddit:Reddit",
    "reddit_feed": "inbox.connectors.reddit_feed:RedditFeed",
    "telegram": "inbox.connectors.telegram:Telegram",
    "whatsapp": "inbox.connectors.whatsapp:WhatsApp",
    "slack": "inbox.connectors.slack:Slack",
    "discord": "inbox.connectors.discord:Discord",
    "matrix": "inbox.connectors.matrix:Matrix",
    "discourse": "inbox.connectors.discourse:Discourse",
    "nodebb": "inbox.connectors.nodebb:NodeBB",
    "wordpress": "inbox.connectors.wordpress:WordPress",
    "lemmy": "inbox.connectors.lemmy:Lemmy",
    "stack_exchange": "inbox.connectors.stack_exchange:StackExchange",
    "hacker_news": "inbox.connectors.hacker_news:HackerNews",
    "google_play": "inbox.connectors.google_play:GooglePlay",
    "app_store_connect": "inbox.connectors.app_store_connect:AppStoreConnect",
    "app_store_feed": "inbox.connectors.app_store_feed:AppStoreFeed",
    "github": "inbox.connectors.github:GitHub",
    "gitlab": "inbox.connectors.gitlab:GitLab",
}
TRACKERS = {
    "github": "inbox.connectors.github_issues:GitHubIssues",
    "webhook": "inbox.connectors.webhook_out:WebhookOut",
    "email": "inbox.connectors.email_out:EmailOut",
}


@cache
def channel_connector(kind: str) -> type[ChannelConnector]:
    """The connector class of a channel kind. Raises KeyError for an unknown kind."""
    return _load(CHANNELS[kind])  # type: ignore[no-any-return]


@cache
def tracker_connector(kind: str) -> type[TrackerConnector]:
    """The connector class of a tracker kind. Raises KeyError for an unknown kind."""
    return _load(TRACKERS[kind])  # type: ignore[no-any-return]


def _load(path: str):  # type: ignore[no-untyped-def]
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)
