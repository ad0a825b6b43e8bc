"""Parts what somebody has written now from the history and the signature that their mail program put below."""

import re

MARKS = {">", "|"}
# "-----Ursprüngliche Nachricht-----", "---------- Forwarded message ---------" and their kin.
_RULE = re.compile(
    r"^\W{0,4}[-_*]{2,}\s*(urspr(ü|ue|\?|�)ngliche (nachricht|e-?mail)|original(nachricht| message| mail| appointment)"
    r"|weitergeleitete nachricht|forwarded message|reply message|antwort(nachricht)?)\s*:?\s*[-_*]{2,}",
    re.IGNORECASE,
)
_UNDERSCORES = re.compile(r"^_{20,}$")
_BEGINS = re.compile(r"^(am|on|le|el|op|il)\s.{0,150}\d", re.IGNORECASE)
_WROTE = re.compile(
    r"(schrieb|wrote|a écrit|escribió|ha scritto|schreef)\b[^:]{0,200}:\s*$|(schrieb|wrote)\s*\S{0,100}\s*$",
    re.IGNORECASE,
)
_BARE_WROTE = re.compile(r"^.{1,150}\b(schrieb|wrote)\b.{0,120}\d{4}.{0,60}:\s*$", re.IGNORECASE)
_HEADER = re.compile(
    r"^[*_ ]{0,3}(von|gesendet|datum|an|cc|kopie|betreff|antwort an|from|sent|date|to|subject|reply-to)\s?:[*_ ]{0,3}\s*\S?",
    re.IGNORECASE,
)
_FIRST_HEADER = re.compile(r"^[*_ ]{0,3}(von|from|gesendet|sent|datum|date)\s?:", re.IGNORECASE)
_SENT_FROM = re.compile(
    r"^[<(\[]?(gesendet (von|mit|über)|von meinem .{1,40} gesendet|diese (nachricht|e-?mail) wurde von meinem .{1,60} gesendet"
    r"|sent (from|with|via)|get outlook for|outlook für (ios|android)|holen sie sich outlook)\b.{0,120}$",
    re.IGNORECASE,
)
_GREETING = re.compile(
    r"^(mit (freundlichen|besten|lieben|herzlichen|vielen) gr(ü|ue)(ß|ss)en|(viele|beste|liebe|schöne|herzliche|freundliche) "
    r"gr(ü|ue)(ß|ss)e|gru(ß|ss)|mfg|lg|vg|((best|kind|warm|many) )?regards|best wishes|all the best|cheers|sincerely( yours)?"
    r"|yours (sincerely|faithfully))\s*[,.!]?$",
    re.IGNORECASE,
)
_POSTSCRIPT = re.compile(r"^p\.?\s?s\b", re.IGNORECASE)
_SIGNATURE_LINES = 15


def split_quote(text: str) -> tuple[str, str]:
    """`text` as (what was written, what was folded away). Both in reading order; takes time linear in the text.

    Nothing is dropped: when folding would leave nothing, everything counts as written. An answer between quoted lines
    keeps the lines it answers.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    top = _quote_above(lines)
    above, lines = lines[:top], lines[top:]
    cut = _history(lines)
    written = _signature(lines, _end_of_words(lines, cut))
    kept = "\n".join(lines[:written]).strip()
    if not kept:
        return "\n".join([*above, *lines]).strip(), ""
    return kept, "\n".join([*above, *lines[written:]]).strip()


def _quote_above(lines: list[str]) -> int:
    """How many lines at the top are one quoted block, for those who write below what they answer; else 0."""
    begin = _next_filled(lines, 0)
    quoted = [number for number, line in enumerate(lines) if line.lstrip().startswith(">")]
    if not quoted or (quoted[0] != begin and not _is_attribution(lines, begin)) or quoted[0] - begin > 4:
        return 0
    contiguous = all(not line.strip() or line.lstrip().startswith(">") for line in lines[quoted[0] : quoted[-1]])
    answered = any(line.strip() for line in lines[quoted[-1] + 1 :])
    return quoted[-1] + 1 if contiguous and answered else 0


def _history(lines: list[str]) -> int:
    """The index of the line where the history begins; the number of lines when there is none."""
    tried = 0
    for index, line in enumerate(map(str.strip, lines)):
        if not line or len(line) > 400:
            continue
        if _RULE.match(line) or _is_header_block(lines, index):
            return index
        if _UNDERSCORES.match(line) and _is_header_block(lines, _next_filled(lines, index + 1)):
            return index
        # Each try reads to the end, and a hostile mail may consist of nothing but such lines.
        if tried < 5 and _is_attribution(lines, index):
            tried += 1
            if _only_history_below(lines, index):
                return index
    return _trailing_quote(lines)


def _is_header_block(lines: list[str], index: int) -> bool:
    """Whether an Outlook header begins here: "Von:" or "Sent:" and at least two more header lines close below."""
    if index >= len(lines) or not _FIRST_HEADER.match(lines[index].strip()):
        return False
    return sum(1 for line in lines[index : index + 8] if _HEADER.match(line.strip())) >= 3


def _is_attribution(lines: list[str], index: int) -> bool:
    """Whether "Am 3. Mai schrieb Anna:" stands here, on one line or wrapped to up to three."""
    first = lines[index].strip().lstrip("> ")
    if _BARE_WROTE.match(first):
        return True
    joined = " ".join(line.strip().lstrip("> ") for line in lines[index : index + 3])[:600]
    if not _BEGINS.match(joined):
        return False
    grown = ""
    for line in lines[index : index + 3]:
        grown = f"{grown} {line.strip()}"[:600]
        if _WROTE.search(grown):
            return True
    return False


def _only_history_below(lines: list[str], index: int) -> bool:
    """False when the sender goes on between or below quoted lines: then the quote belongs to the answer."""
    below = lines[index + 1 :]
    marked = [number for number, line in enumerate(below) if line.lstrip()[:1] in MARKS]
    if not marked:
        return True
    after = below[marked[0] :]
    own = [line for line in after if line.strip() and line.lstrip()[:1] not in MARKS]
    return not own or _is_signature_block(own)


def _trailing_quote(lines: list[str]) -> int:
    """Where quoted lines run down to the end of the mail without an attribution."""
    index = len(lines)
    while index and (not lines[index - 1].strip() or lines[index - 1].lstrip().startswith(">")):
        index -= 1
    return index if any(line.strip() for line in lines[index:]) else len(lines)


def _signature(lines: list[str], end: int) -> int:
    """Where signatures begin among the first `end` lines; `end` when there is none. Lists put theirs below the sender's."""
    for _ in range(3):
        begin = _last_signature(lines, end)
        if begin == end:
            break
        end = _end_of_words(lines, begin)
    return end


def _last_signature(lines: list[str], end: int) -> int:
    first = max(0, end - 40)
    tail = [(index, lines[index].strip()) for index in range(end - 1, first - 1, -1)]
    for index, line in tail:
        if line in {"--", "—"} or (_UNDERSCORES.match(line) and index > end - _SIGNATURE_LINES):
            return index
    for index, line in tail[:3]:
        if _SENT_FROM.match(line):
            return index
    for index, line in tail[:_SIGNATURE_LINES]:
        if len(line) > 80 or _POSTSCRIPT.match(line):
            break
        if _GREETING.match(line):
            return index
    return end


def _is_signature_block(lines: list[str]) -> bool:
    return len(lines) <= _SIGNATURE_LINES and (
        lines[0].rstrip() in {"--", "—"} or bool(_SENT_FROM.match(lines[0].strip()))
    )


def _end_of_words(lines: list[str], end: int) -> int:
    while end and not lines[end - 1].strip():
        end -= 1
    return end


def _next_filled(lines: list[str], index: int) -> int:
    while index < len(lines) and not lines[index].strip():
        index += 1
    return index
