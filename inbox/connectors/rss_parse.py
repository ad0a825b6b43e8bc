"""Reads RSS 2.0, RSS 1.0 and Atom with the standard library, without entities, external parts or bottomless nesting."""

import hashlib
import html
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin
from xml.etree.ElementTree import Element, TreeBuilder, tostring
from xml.parsers import expat

from inbox.connectors.contract import N_, Sentence
from inbox.connectors.lenient import web_address
from inbox.text import one_line, plain_from_html

DEPTH = 100
ATOM = "http://www.w3.org/2005/Atom"
RSS1 = "http://purl.org/rss/1.0/"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
DC = "http://purl.org/dc/elements/1.1/"
CONTENT = "http://purl.org/rss/1.0/modules/content/"
THREAD = "http://purl.org/syndication/thread/1.0"
XML = "http://www.w3.org/XML/1998/namespace"
# Feeds written by hand use HTML's names, which XML does not know.
_NAMED = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,30});")
_XML_NAMES = {"amp", "lt", "gt", "quot", "apos"}
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class NotAFeed(Exception):
    """What was fetched is no feed; the text says what it is instead."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: its words, and where it stands."""

    external_id: str
    text: str
    title: str
    html: str | None
    url: str
    author: str
    author_url: str
    posted_at: datetime | None
    edited_at: datetime | None
    parent_id: str
    language: str


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed and its entries in its own order.

    `broken` are those that say nothing at all: their XML, each with the link that no other entry has, and `base` and
    `language`, with which `parse_entry` may read them later.
    """

    title: str
    url: str = ""
    entries: list[Entry] = field(default_factory=list)
    broken: dict[str, str] = field(default_factory=dict)
    base: str = ""
    language: str = ""


def parse_feed(content: bytes, address: str, charset: str | None = None) -> Feed:
    """Read a feed that came from `address`. Raises NotAFeed."""
    root = _tree(content, address, charset)
    name = _local(root)
    if root.tag == f"{{{ATOM}}}feed":
        head, items = root, root.findall(f"{{{ATOM}}}entry")
    elif name in {"rss", "RDF"}:
        channels = [child for child in root if _local(child) == "channel"]
        head = channels[0] if channels else root
        # RSS 1.0 keeps the items beside the channel, RSS 2.0 in it.
        items = [child for parent in (root, head) for child in parent if _local(child) == "item"]
        items = list({id(item): item for item in items}.values())
    elif name == "html":
        raise NotAFeed(_what_the_page_offers(content, address))
    else:
        raise NotAFeed(N_("It is XML, but neither RSS nor Atom."))
    base = urljoin(address, root.get(f"{{{XML}}}base") or "")
    language = (root.get(f"{{{XML}}}lang") or _text(head, "language")).strip()[:8]
    links = Counter(_link(item, base) for item in items)
    entries: dict[str, Entry] = {}
    broken: dict[str, str] = {}
    for item in items:
        link = _link(item, base)
        own_link = link if links[link] == 1 else ""
        entry = _entry(item, base, own_link, language)
        if entry is None:
            item.tail = None
            broken[tostring(item, encoding="unicode")[:64_000]] = own_link
        else:
            # Of two with one id the first in the feed's order is the newer.
            entries.setdefault(entry.external_id, entry)
    title = one_line(plain_from_html(_text(head, "title")), 200)
    return Feed(title, _link(head, base), list(entries.values()), broken, base, language)


def parse_entry(xml: str, *, base: str, own_link: str, language: str) -> Entry:
    """An entry that its feed told apart as broken. Raises ValueError when it still says nothing, or was cut."""
    try:
        item = _parsed(xml.encode("utf-8", "replace"), "utf-8")
    except (expat.ExpatError, NotAFeed):
        raise ValueError(N_("only its beginning was kept")) from None
    entry = _entry(item, base, own_link, language)
    if entry is None:
        raise ValueError(N_("It has neither title nor text."))
    return entry


def _entry(item: Element, base: str, own_link: str, language: str) -> Entry | None:
    base = urljoin(base, item.get(f"{{{XML}}}base") or "")
    title = plain_from_html(_markup(item, "title"))
    markup = (
        _text(item, f"{{{CONTENT}}}encoded")
        or _markup(item, f"{{{ATOM}}}content")
        or _markup(item, "description", "summary")
    )
    words = plain_from_html(markup)
    if not title and not words:
        return None
    link = _link(item, base)
    posted, edited = _text(item, "pubDate", "published", "issued", f"{{{DC}}}date"), _text(item, "updated", "modified")
    name = _text(item, "guid", "id").strip() or (item.get(f"{{{RDF}}}about") or "").strip() or own_link
    if not name:
        name = "sha256:" + hashlib.sha256("\n".join((link, title, posted)).encode("utf-8", "replace")).hexdigest()
    person = next((child for child in item if child.tag == f"{{{ATOM}}}author"), None)
    author = _text(person, "name", "email") if person is not None else _text(item, f"{{{DC}}}creator", "author")
    answered = item.find(f"{{{THREAD}}}in-reply-to")
    return Entry(
        external_id=_short(name),
        text=words or title,
        title=one_line(title, 300) if words else "",
        html=markup or None,
        url=link,
        author=_person(author),
        author_url=web_address(_text(person, "uri").strip()) if person is not None else "",
        posted_at=moment(posted) or moment(edited),
        edited_at=moment(edited) if posted else None,
        parent_id=_short((answered.get("ref") or "").strip()) if answered is not None else "",
        language=(item.get(f"{{{XML}}}lang") or language)[:8],
    )


def moment(value: str) -> datetime | None:
    """A date in one of the forms that feeds use; without a zone it is taken to be UTC. None for what is none."""
    value = " ".join(value.split())
    for parse in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            found = parse(value)
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return None


def _tree(content: bytes, address: str, charset: str | None) -> Element:
    try:
        return _parsed(content, charset)
    except (expat.ExpatError, LookupError, ValueError) as error:
        first = error
    # Once more as a forgiving reader: wrong charset, control characters, names that only HTML knows.
    for encoding in dict.fromkeys(filter(None, (charset, "utf-8", "cp1252"))):
        try:
            text = content.decode(encoding, "replace" if encoding == "cp1252" else "strict")
        except (UnicodeDecodeError, LookupError):
            continue
        text = _NAMED.sub(_spelled, _NOT_XML.sub("", _DECLARATION.sub("", text.lstrip("\ufeff \t\r\n"))))
        try:
            return _parsed(text.encode(), "utf-8")
        except (expat.ExpatError, ValueError):
            break
    if b"<html" in content[:2_000].lower() or b"<!doctype html" in content[:2_000].lower():
        raise NotAFeed(_what_the_page_offers(content, address))
    raise NotAFeed(N_("It cannot be read as XML (%(told)s).", told=first)) from None


def _parsed(content: bytes, charset: str | None) -> Element:
    """The tree. Entities may not be declared (a few lines of them can unfold into gigabytes), nothing is fetched."""
    builder, depth = TreeBuilder(), 0
    # The charset of the HTTP answer is tried second: many servers send a default that the file contradicts.
    parser = expat.ParserCreate(namespace_separator="}")

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > DEPTH:
            raise NotAFeed(N_("It is nested too deeply."))
        builder.start(_named(tag), {_named(name): value for name, value in attributes.items()})

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(_named(tag))

    def declared(*_arguments: object) -> None:
        raise NotAFeed(N_("It declares entities, which is refused."))

    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.EntityDeclHandler = declared
    parser.Parse(content, True)
    return builder.close()


def _named(tag: str) -> str:
    return "{" + tag if "}" in tag else tag


def _spelled(match: re.Match[str]) -> str:
    name = match[1]
    return match[0] if name in _XML_NAMES else html.unescape(match[0]).replace("&", "&amp;")


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _found(element: Element, *names: str) -> Iterator[Element]:
    """Children by plain name in the feed's own namespaces, or by full name."""
    for name in names:
        for child in element:
            if child.tag in {name, f"{{{ATOM}}}{name}", f"{{{RSS1}}}{name}"}:
                yield child


def _text(element: Element, *names: str) -> str:
    return next((child.text for child in _found(element, *names) if child.text and child.text.strip()), "")


def _markup(element: Element, *names: str) -> str:
    """The HTML of a text construct: escaped, as elements, or plain."""
    for child in _found(element, *names):
        kind = child.get("type") or ""
        if kind == "xhtml" or len(child):
            inner = "".join(tostring(part, encoding="unicode") for part in child)
            return (html.escape(child.text or "") + re.sub(r"(</?)[A-Za-z]\w*:", r"\1", inner)).strip()
        if child.text and child.text.strip():
            return html.escape(child.text) if kind in {"text", "text/plain"} else child.text
    return ""


def _link(element: Element, base: str) -> str:
    targets = [
        (child.get("href") or child.text or "").strip()
        for child in _found(element, "link")
        if (child.get("rel") or "alternate") == "alternate"
    ]
    guid = next(_found(element, "guid"), None)
    permalink = guid.text if guid is not None and guid.text and guid.get("isPermaLink", "true") == "true" else ""
    target = next(filter(None, targets), "") or permalink.strip()
    try:
        return web_address(urljoin(base, target)) if target else ""
    except ValueError:
        return ""


def _person(value: str) -> str:
    # RSS 2.0 writes "ana@example.com (Ana)"; the name is what people know.
    match = re.search(r"\(([^()]+)\)\s*$", value[:500])
    return one_line(match[1] if match else value, 200)


def _short(name: str) -> str:
    return name if len(name) <= 400 else "sha256:" + hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()


def _what_the_page_offers(content: bytes, address: str) -> Sentence:
    page = content[:200_000].decode("utf-8", "replace")
    for tag in re.findall(r"<link\b[^>]{1,1000}>", page, re.IGNORECASE):
        if re.search(r"application/(rss|atom)\+xml", tag, re.IGNORECASE):
            href = re.search(r"href\s*=\s*[\"']?([^\"'\s>]+)", tag, re.IGNORECASE)
            if href:
                feed = urljoin(address, html.unescape(href[1]))
                return N_("It is a web page; it offers the feed %(feed)s.", feed=feed)
    return N_("It is a web page, not a feed.")
