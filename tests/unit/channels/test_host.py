"""The host of a channel: who answers, so that its streams wait for each other and for nobody else."""

from typing import Any

import pytest
from sqlalchemy.orm import Session

from inbox.channels.models import Channel
from inbox.channels.setup import keep_setup, read_setup
from inbox.config import Settings
from inbox.setups import host_of
from inbox.vault import open_vault

HOSTS = [
    ("rss", {"url": "https://someone:secret@Rake.example/feed?page=1"}, "rake.example"),
    ("mastodon", {"server": "garden.example:8443", "access_token": "t"}, "garden.example:8443"),
    ("github", {"repository": "a/b", "token": "t"}, "api.github.com"),
    ("wordpress", {"site": "https://blog.example/shop", "username": "ada", "password": "p"}, "blog.example"),
    (
        "email",
        {"address": "a@b.example", "imap_host": "imap.b.example", "smtp_host": "s", "password": "p"},
        "imap.b.example",
    ),
    ("hacker_news", {"watch": "rake"}, ""),
]


@pytest.mark.parametrize(("kind", "values", "host"), HOSTS)
def test_the_settings_name_the_server(kind: str, values: dict[str, Any], host: str) -> None:
    assert host_of(read_setup(kind, values)) == host


def test_a_channel_keeps_it_and_where_none_is_named_its_kind(session: Session, settings: Settings) -> None:
    channel = Channel(kind="hacker_news", name="News")
    session.add(channel)
    session.flush()
    assert channel.host == "hacker_news"
    feed = Channel(kind="rss", name="Feed")
    session.add(feed)
    session.flush()
    keep_setup(open_vault(settings), feed, read_setup("rss", {"url": "https://one.example/feed"}))
    keep_setup(open_vault(settings), channel, read_setup("hacker_news", {"watch": "rake"}))
    assert (feed.host, channel.host) == ("one.example", "hacker_news")
    keep_setup(open_vault(settings), feed, read_setup("rss", {"url": "https://other.example/feed"}))
    assert feed.host == "other.example"
