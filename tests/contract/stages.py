"""Every recorded platform by kind, and which of them can do what."""

from tests.contract.stage import Remembering, Stage, recording
from tests.contract.stage_bluesky import BlueskyStage
from tests.contract.stage_mastodon import MastodonStage
from tests.contract.stage_rss import RssStage

__all__ = [
    "PAGED",
    "SENDING",
    "STAGES",
    "BlueskyStage",
    "MastodonStage",
    "Remembering",
    "RssStage",
    "Stage",
    "recording",
]

STAGES: dict[str, type[Stage]] = {stage.kind: stage for stage in (MastodonStage, BlueskyStage, RssStage)}
SENDING = [kind for kind, stage in STAGES.items() if stage.send_path]
PAGED = [kind for kind, stage in STAGES.items() if stage.has_pages]
