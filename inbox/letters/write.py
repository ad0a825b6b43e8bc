"""Writes mails from templates in the reader's language and time zone, outside of any request. Used by pages and workers."""

import base64
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import css_inline
from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal
from babel.support import Translations
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from inbox.connectors.contract import N_
from inbox.web import templates_folder

INLINER = css_inline.CSSInliner(load_remote_stylesheets=False, keep_at_rules=True)
STATE_WORDS = {
    "new": N_("New"),
    "reviewing": N_("In review"),
    "planned": N_("Planned"),
    "building": N_("Being built"),
    "shipped": N_("Shipped"),
    "declined": N_("Declined"),
}


def write_letter(
    name: str,
    *,
    translations: Path,
    language: str,
    time_zone: str,
    images: Sequence[tuple[str, str, bytes]] = (),
    headers: Mapping[str, str] | None = None,
    **context: Any,
) -> dict[str, Any]:
    """The payload of a mail delivery: subject, text, html, headers, and images as (cid, media type, base64).

    `name` is a folder in templates/emails with subject.txt, body.txt and body.html.
    """
    environment = _environment(translations, language, time_zone)
    subject = environment.get_template(f"emails/{name}/subject.txt").render(context)
    text = environment.get_template(f"emails/{name}/body.txt").render(context)
    markup = environment.get_template(f"emails/{name}/body.html").render(context)
    return {
        "subject": " ".join(subject.split()),
        "text": text.strip() + "\n",
        "html": INLINER.inline(markup),
        "headers": dict(headers or {}),
        "images": [[cid, media_type, base64.b64encode(content).decode()] for cid, media_type, content in images],
    }


@lru_cache(maxsize=32)
def _environment(translations: Path, language: str, time_zone: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(templates_folder()),
        autoescape=select_autoescape(["html"], default=False),
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    catalogue = Translations.load(translations, [language])
    environment.install_gettext_translations(catalogue, newstyle=True)  # type: ignore[attr-defined]

    def day(value: date, form: str = "long") -> str:
        return format_date(value, form, locale=language)

    def moment(value: datetime, form: str = "medium") -> str:
        return format_datetime(value, form, tzinfo=ZoneInfo(time_zone), locale=language)

    environment.filters.update(day=day, when=moment, number=lambda value: format_decimal(value, locale=language))
    environment.globals.update(language=language, STATE_WORDS=STATE_WORDS)
    return environment
