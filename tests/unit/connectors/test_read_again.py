"""What the quarantine keeps is read anew as the poll would read it now."""

import pytest

from inbox.connectors.contract import ChannelConnector
from inbox.connectors.read_each import dumped
from tests.contract.stage import Stage
from tests.contract.stage_app_store_connect import AppStoreConnectStage
from tests.contract.stage_discourse import DiscourseStage
from tests.contract.stage_facebook import FacebookStage, MessengerStage
from tests.contract.stage_gitlab import GitLabStage
from tests.contract.stage_google_play import GooglePlayStage
from tests.contract.stage_hacker_news import HackerNewsStage
from tests.contract.stage_instagram import InstagramDirectStage, InstagramStage
from tests.contract.stage_lemmy import LemmyStage
from tests.contract.stage_mastodon import MastodonStage
from tests.contract.stage_reddit import RedditStage
from tests.contract.stage_telegram import TelegramStage
from tests.contract.stage_threads import ThreadsStage
from tests.contract.stage_whatsapp import WhatsAppStage
from tests.contract.stage_wordpress import WordPressStage
from tests.contract.stage_youtube import YouTubeStage

PLAYED = [
    AppStoreConnectStage,
    FacebookStage,
    GooglePlayStage,
    InstagramDirectStage,
    InstagramStage,
    MessengerStage,
    ThreadsStage,
    WhatsAppStage,
    DiscourseStage,
    GitLabStage,
    HackerNewsStage,
    LemmyStage,
    MastodonStage,
    RedditStage,
    TelegramStage,
    WordPressStage,
    YouTubeStage,
]
# Where a poll does not keep what the stage calls an item, but what it came in, or a part of it.
KEPT_AS = {
    "telegram": lambda each: {"update_id": 1, "message": each},
    "youtube": lambda each: each["snippet"]["topLevelComment"],
}


@pytest.fixture(params=PLAYED, ids=lambda stage: stage.name or stage.kind)
def stage(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Stage:
    played: Stage = request.param(monkeypatch)
    return played


def kept_by(stage: Stage) -> tuple[ChannelConnector, str]:
    """The connector, and an item as it would lie in the quarantine after it was mended."""
    stage.items[2] = stage.broken(stage.items[2])
    (bad,) = (entry for batch in stage.brought() for entry in batch.bad)
    return stage.connector(), bad.raw


def test_a_mended_item_is_the_message_it_would_have_been(stage: Stage) -> None:
    good = stage.items[2]
    expected = next(m for b in stage.brought() for m in b.messages if m.external_id == stage.name_of(good))
    item = KEPT_AS.get(stage.kind, lambda each: each)(good)
    (message,) = (m for m in stage.connector().reread(dumped(item)).messages if not (m.author and m.author.is_us))
    assert (message.external_id, message.thread_id, message.text) == (
        expected.external_id,
        expected.thread_id,
        expected.text,
    )


def test_what_still_cannot_be_read_says_why(stage: Stage) -> None:
    connector, raw = kept_by(stage)
    asked = len(stage.requests)
    assert connector.reread(raw).bad[0].reason
    assert len(stage.requests) == asked


def test_what_was_cut_when_it_was_kept_is_refused(stage: Stage) -> None:
    connector, raw = kept_by(stage)
    with pytest.raises(ValueError):
        connector.reread(raw[: len(raw) // 2])


@pytest.mark.parametrize("raw", ["null", "3", "[]", '"text"'])
def test_nonsense_is_no_message(stage: Stage, raw: str) -> None:
    assert not stage.connector().reread(raw).messages
