"""Text as strangers send it, made safe and plain: HTML to text, HTML for the screen, cuts, folds and previews."""

import hashlib
import html
import json
import re
import unicodedata
from collections.abc import Iterator
from typing import Any

import nh3

KEY_LIMIT = 500
URL_LIMIT = 2_000
# PostgreSQL refuses NUL, JSON and UTF-8 refuse lone surrogates; the other C0 controls are noise.
_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
# An escaped NUL; after an odd number of backslashes it is one, after an even number it is those words.
_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")
# Made once: json.dumps makes a new one for each call that has other than its own defaults.
_JSON = json.JSONEncoder(ensure_ascii=False, allow_nan=False)
# They turn the words around them, so that "gpj.exe" reads as a picture; no name needs them.
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
_SPACES = re.compile(r"[ \t\u00a0\u2007\u202f]+")
_BLANK_LINES = re.compile(r"\n[ \t]*\n(?:[ \t]*\n)+")
_OPENS = re.compile(r"<[a-zA-Z/!?]")
_NAME = re.compile(r"<(/?)([a-z][a-z0-9]*)")
_WHOLE = re.compile(r"\s*(https?://|mailto:)", re.IGNORECASE)
_EMPTY_TAGS = {"br", "hr", "img", "input", "meta", "link", "col", "wbr", "area", "base", "embed", "source", "track"}
_DEEPEST = 400
_LOUD_TAGS = {"script", "style", "head", "title", "template", "noscript", "svg", "math"}
_BLOCKS = {
    "p",
    "div",
    "br",
    "li",
    "ul",
    "ol",
    "tr",
    "table",
    "blockquote",
    "pre",
    "hr",
    *(f"h{n}" for n in range(1, 7)),
}
_SHOWN_TAGS = _BLOCKS | {
    "a",
    "b",
    "strong",
    "i",
    "em",
    "u",
    "s",
    "code",
    "span",
    "td",
    "th",
    "tbody",
    "thead",
    "sub",
    "sup",
    "img",
}


def storable(text: str, limit: int) -> str:
    """`text` without characters that a database refuses, composed (NFC), at most `limit` characters long."""
    # Cut before normalising too: composing a hostile megabyte is not free.
    text = text[: limit * 2]
    if not (text.isascii() and text.isprintable()):
        text = unicodedata.normalize("NFC", _UNSTORABLE.sub("", text))
    return text[:limit]


def one_line(text: str, limit: int) -> str:
    """`text` on one line, for names, subjects and previews; cut with an ellipsis, and nothing in it turns what follows."""
    line = " ".join(storable(text, limit * 4).split())
    if not line.isascii():
        line = _TURNING.sub("", line)
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def storable_json(value: Any) -> str:
    """`value` as JSON that a database takes. Raises ValueError for NaN, TypeError and RecursionError for what is no JSON."""
    return _NUL.sub(r"\1", _JSON.encode(value)).encode("utf-8", "ignore").decode()


def clean_key(external_id: str) -> str:
    """A platform's id as we store it. One that is too long keeps its beginning and the digest of the whole."""
    key = storable(external_id, len(external_id))
    if len(key) <= KEY_LIMIT:
        return key
    return f"{key[: KEY_LIMIT - 65]}#{hashlib.sha256(key.encode()).hexdigest()}"


def clean_url(url: str) -> str:
    """A web address, or nothing: an address cut short leads elsewhere, and another scheme may be a script."""
    url = storable(url, URL_LIMIT + 1).strip()
    return url if len(url) <= URL_LIMIT and url.lower().startswith(("https://", "http://")) else ""


def plain_from_html(markup: str) -> str:
    """The words of an HTML fragment: blocks become lines, entities characters, scripts nothing. Linear, never raises."""
    words = "".join(word for word, _ in _words(markup))
    lines = (_SPACES.sub(" ", line).strip() for line in words.split("\n"))
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip()


def clean_html(markup: str, *, images: bool = False) -> str:
    """HTML fit for our pages: a short list of tags, http, https and mailto only, remote images only when asked for."""
    if max((depth for _, depth in _words(markup)), default=0) > _DEEPEST:
        # The cleaner's time grows with a power of the depth; nobody nests so deep who has something to show.
        markup = html.escape(plain_from_html(markup)).replace("\n", "<br>")
    tags = _SHOWN_TAGS if images else _SHOWN_TAGS - {"img"}
    return nh3.clean(
        markup,
        tags=tags,
        attributes={"a": {"href"}, "img": {"src", "alt"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}},
        url_schemes={"http", "https", "mailto"},
        # An address without its host would lead into our own pages.
        attribute_filter=_whole_address,
        link_rel="noopener noreferrer nofollow",
        clean_content_tags=_LOUD_TAGS - {"head"},
    )


def _whole_address(_tag: str, attribute: str, value: str) -> str | None:
    return value if attribute not in {"href", "src"} or _WHOLE.match(value) else None


def folded(text: str) -> str:
    """Lower case without accents, as the search index and look-alike checks see it: "Häuser" becomes "hauser"."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def count_graphemes(text: str) -> int:
    """How many characters a reader sees, as social platforms count: "👩‍👩‍👧" and a letter with its accents are one each."""
    count, previous, flags = 0, "", 0
    for character in text:
        joined = (
            _extends(character)
            or previous == "\u200d"
            or (previous == "\r" and character == "\n")
            or _hangul_joins(previous, character)
        )
        # Flags are pairs of regional indicators: every second one belongs to the one before.
        flags = flags + 1 if "\U0001f1e6" <= character <= "\U0001f1ff" else 0
        if not previous or not (joined or (flags and flags % 2 == 0)):
            count += 1
        previous = character
    return count


def slug(text: str) -> str:
    """`text` as a short ASCII name for file names and anchors."""
    german = text.lower().replace("ä", "ae").replace("ö", "oe").replace("ü", "ue").replace("ß", "ss")
    return re.sub(r"[^a-z0-9]+", "-", folded(german)).strip("-")[:60] or "x"


def _extends(character: str) -> bool:
    if character < "\u0300":
        return False
    # Joiner, emoji skin tones and tag letters have no category of their own.
    return (
        character in "\u200c\u200d"
        or "\U0001f3fb" <= character <= "\U0001f3ff"
        or "\U000e0020" <= character <= "\U000e007f"
        or unicodedata.category(character) in {"Mn", "Me", "Mc"}
    )


def _hangul_joins(before: str, after: str) -> bool:
    """Whether two Korean letters or blocks form one syllable block: lead, vowel, tail in that order."""
    if not ("\u1160" <= after <= "\u11ff" or "\u1100" <= after <= "\u115f") or not before:
        return False
    lead, vowel = "\u1100" <= before <= "\u115f", "\u1160" <= before <= "\u11a7"
    block = "\uac00" <= before <= "\ud7a3"
    if after <= "\u115f":
        return lead
    if after <= "\u11a7":
        return lead or vowel or (block and (ord(before) - 0xAC00) % 28 == 0)
    return vowel or block or "\u11a8" <= before <= "\u11ff"


def _words(markup: str) -> Iterator[tuple[str, int]]:
    """The words and line breaks of markup with the depth at which they stand, in one pass: what is never closed ends it.

    The standard library's parser looks for each missing end anew, so that a hostile megabyte takes it hours.
    """
    place, depth, lowered = 0, 0, markup.lower()
    while (begin := markup.find("<", place)) >= 0:
        yield html.unescape(markup[place:begin]).replace("\n", " "), depth
        if markup.startswith("<![CDATA[", begin):
            end, closing = markup.find("]]>", begin), "]]>"
            yield markup[begin + 9 : end].replace("\n", " ") if end >= 0 else "", depth
        elif markup.startswith("<!--", begin):
            end, closing = markup.find("-->", begin + 4), "-->"
        elif _OPENS.match(markup, begin):
            end, closing = _tag_end(markup, begin), ">"
        else:
            yield "<", depth
            place = begin + 1
            continue
        if end < 0:
            return
        place = end + len(closing)
        found = _NAME.match(lowered, begin)
        if not found:
            continue
        is_end, name = bool(found[1]), found[2]
        if name in _LOUD_TAGS and name != "head" and not is_end:
            place = lowered.find(f"</{name}", place)
            if place < 0:
                return
            continue
        if name not in _EMPTY_TAGS:
            depth = max(0, depth + (-1 if is_end else 1))
        if name in _BLOCKS and not (is_end and name in {"br", "hr", "li"}):
            yield "\n\n" if name in {"p", "blockquote"} else "\n", depth
            if name == "li":
                yield "– ", depth
    yield html.unescape(markup[place:]).replace("\n", " "), depth


def _tag_end(markup: str, begin: int) -> int:
    end = markup.find(">", begin)
    if end >= 0 and markup.count('"', begin, end) % 2 and (quote := markup.find('"', end)) >= 0:
        # The sign stands inside a quoted value.
        return markup.find(">", quote)
    return end
