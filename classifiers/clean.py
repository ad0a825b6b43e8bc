"""Takes away from a text what must not decide its tag: links, names, markup, quotes, disguised letters, shouting."""

import html
import re
import unicodedata

MOST_READ = 20_000
"""Characters of the raw text that are looked at."""

MOST_KEPT = 4_000
"""Characters of the cleaned text that decide."""

LINK, NAME, MAIL = "xlinkx", "xnamex", "xmailx"

_MARKUP = re.compile(r"<(?:/?[a-zA-Z!][^<>]{0,1000})>")
_QUOTED = re.compile(r"^[ \t]*>[^\n]*$", re.M)
_MAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}\.[\w.-]{2,63}")
_LINK = re.compile(r"(?:https?://|www\.)\S+", re.I)
_NAME = re.compile(r"@[\w.-]+")
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_STRETCHED = re.compile(r"(.)\1{3,}")
_PARTS = re.compile(r"[\w']+|[^\w\s']+")
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e0fff]"
)
_CYRILLIC_OR_GREEK = re.compile("[\u0370-\u03ff\u0400-\u052f]")
_WORD = re.compile(r"\w+")
_LATIN = re.compile("[A-Za-z]")
_ALIKE = str.maketrans(
    "аеорсухіјѕӏԁոυνκαοιτρВЕКМНОРСТХАІЈЅΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "aeopcyxijsldnuvkaoitpBEKMHOPCTXAIJSABEZHIKMNOPTYX"
)
_QUOTES = "’‘´`"


def clean(text: str) -> str:
    """The text in small letters, its words and marks parted by single spaces, at most MOST_KEPT characters.

    Links, mail addresses, @names and numbers become one word each. Never raises; cleaning twice may change it again.
    """
    text = text[:MOST_READ]
    if not text.isascii():
        text = _undisguised(text)
    if "&" in text:
        text = html.unescape(text)
    if "<" in text:
        text = _MARKUP.sub(" ", text)
    if ">" in text:
        text = _QUOTED.sub(" ", text).strip() or text
    if "://" in text or "www." in text or "WWW." in text:
        text = _LINK.sub(f" {LINK} ", text)
    if "@" in text:
        text = _NAME.sub(f" {NAME} ", _MAIL.sub(f" {MAIL} ", text))
    text = _STRETCHED.sub(r"\1\1\1", _NUMBER.sub("0", text)).lower().replace("#", " ").replace("_", "-")
    return " ".join(_PARTS.findall(text))[:MOST_KEPT]


def _undisguised(text: str) -> str:
    text = text.encode("utf-8", "replace").decode("utf-8")
    if not unicodedata.is_normalized("NFKC", text):
        text = unicodedata.normalize("NFKC", text)[:MOST_READ]
    text = _INVISIBLE.sub("", text)
    for quote in _QUOTES:
        text = text.replace(quote, "'")
    if _CYRILLIC_OR_GREEK.search(text):
        text = _WORD.sub(lambda word: _latin(word[0]), text)
    return text


def _latin(word: str) -> str:
    # Only a word that mixes alphabets is disguised; a Russian or Greek word stays what it is.
    return word.translate(_ALIKE) if _LATIN.search(word) else word
