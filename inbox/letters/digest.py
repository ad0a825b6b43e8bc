"""The weekly digest as a mail: what was asked, answered, decided, with links to the rows and a way out in every copy."""

from typing import Any

from inbox.config import Settings
from inbox.digests.chart import draw_bars
from inbox.digests.collect import Issue
from inbox.letters.write import write_letter
from inbox.translations_files import compiled_translations


def write_digest(
    issue: Issue, settings: Settings, *, to: str, language: str, time_zone: str, secret: str, reader_secret: str
) -> dict[str, Any]:
    """The payload of the mail to one reader. `secret` opens the archive page, `reader_secret` ends the subscription."""
    base = settings.base_url
    leave = f"{base}/subscriptions/{reader_secret}"
    prefix = "KW" if language == "de" else "W"
    bars = [(f"{prefix} {int(week[-2:])}", count) for week, count in issue.complaints]
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
