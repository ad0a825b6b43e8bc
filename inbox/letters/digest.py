"""The weekly digest as a mail: what was asked, answered, decided, with links to the rows and a way out in every copy."""

from typing import Any

from inbox.config import Settings
from inbox.digests.chart import bars_of, draw_bars
from inbox.digests.collect import Issue
from inbox.digests.models import Subscription
from inbox.letters.write import write_letter
from inbox.translations_files import compiled_translations


def write_digest(
    issue: Issue, settings: Settings, *, to: str, language: str, time_zone: str, secret: str, reader_secret: str
) -> dict[str, Any]:
    """The payload of the mail. `secret` opens the archive page, `reader_secret` ends the subscription."""
    base = settings.base_url
    leave = f"{base}/subscriptions/{reader_secret}"
    bars = bars_of(issue.complaints, language)
    mail = write_letter(
        "digest",
        translations=compiled_translations(settings.data),
        language=language,
        time_zone=time_zone,
        # RFC 8058: the one-click address takes a POST without any cookie.
        headers={
            "List-Unsubscribe": f"<{leave}/unsubscription>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Auto-Submitted": "auto-generated",
        },
        images=[("complaints", "image/png", draw_bars(bars))] if any(count for _, count in bars) else [],
        issue=issue,
        bars=bars,
        base=base,
        archive=f"{base}/digests/read/{secret}" if secret else "",
        leave=leave,
    )
    return {"to": to, **mail}


def write_to_reader(reader: Subscription, issue: Issue, settings: Settings, *, secret: str) -> dict[str, Any]:
    """The payload of the mail to one reader, as they chose to read it."""
    return write_digest(
        issue,
        settings,
        to=reader.email,
        language=reader.language,
        time_zone=reader.time_zone,
        secret=secret,
        reader_secret=reader.secret,
    )
