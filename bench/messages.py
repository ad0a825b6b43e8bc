"""Invented messages, the same ones each time: German and English, 16,000 different words, some threads long, most short."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate, islice

from inbox.connectors.contract import Author, Batch, IncomingMessage

BATCH = 500
PEOPLE = 20_000
START = datetime(2025, 1, 6, 8, 0, tzinfo=UTC)
SENTENCES = (
    ("de", "Wie kann ich {} mit {} verbinden? Ich finde {} nirgends, und {} hilft auch nicht."),
    ("de", "Seit dem letzten Update ist {} kaputt, {} stürzt ständig ab und {} fehlt ganz. {}!"),
    ("de", "Es wäre schön, wenn {} auch {} könnte, so wie {}. Dann müsste ich nicht immer {} nehmen."),
    ("de", "Danke, {} läuft prima. {} und {} sind genau, was ich brauche, {} sowieso."),
    ("en", "How do I connect {} to {}? I cannot find {} anywhere and {} does not help."),
    ("en", "Since the last update {} is broken, {} keeps crashing and {} is gone. {}!"),
    ("en", "It would be great if {} could do {} as well, like {}. I would not need {} any more."),
    ("en", "Thanks, {} works fine. {} and {} are what I need, {} too."),
)
SYLLABLES = [
    "ba",
    "de",
    "fi",
    "go",
    "hu",
    "la",
    "me",
    "ni",
    "ro",
    "su",
    "ta",
    "ver",
    "un",
    "ge",
    "haus",
    "plan",
    "werk",
    "stadt",
    "wald",
    "bau",
    "port",
    "line",
    "star",
    "den",
]


def batches(number: int) -> Iterator[Batch]:
    """`number` messages in batches of 500, one after another, so that they never lie in memory together."""
    messages = written(number)
    place = 0
    while page := list(islice(messages, BATCH)):
        place += len(page)
        yield Batch(messages=page, cursor={"place": place})


def written(number: int) -> Iterator[IncomingMessage]:
    """The messages, oldest first."""
    chance = random.Random(7)
    words = ["".join(chance.choices(SYLLABLES, k=chance.randint(2, 5))) for _ in range(16_000)]
    # As in any language, the second word is half as frequent as the first, the third a third …
    weights = list(accumulate(1 / place for place in range(1, len(words) + 1)))
    threads = 0
    for place in range(number):
        if place == 0 or chance.random() < 0.6:
            threads += 1
            thread = threads
        else:
            # Answers mostly go to one of the last threads.
            thread = max(1, threads - int(chance.expovariate(1 / 40)))
        person = min(int(chance.expovariate(5 / PEOPLE)), PEOPLE - 1)
        language, sentence = chance.choice(SENTENCES)
        text = " ".join(
            sentence.format(*chance.choices(words, cum_weights=weights, k=4)) for _ in range(chance.randint(1, 4))
        )
        yield IncomingMessage(
            external_id=f"m-{place}",
            thread_id=f"t-{thread}",
            text=text,
            posted_at=START + timedelta(seconds=150 * place),
            author=Author(f"p-{person}", handle=f"@person{person}", name=f"Person {person}"),
            subject=text[:40] if thread % 3 == 0 else "",
            url=f"https://community.example/t/{thread}#{place}",
            language=language,
            reply_handle={"id": str(place)},
            raw={"id": place, "text": text, "author": {"id": person}},
        )


def common_words(number: int = 12) -> list[str]:
    """Some words of the messages, from frequent to rare."""
    chance = random.Random(7)
    words = ["".join(chance.choices(SYLLABLES, k=chance.randint(2, 5))) for _ in range(16_000)]
    return [words[min(3 * 2**place, len(words) - 1)] for place in range(number)]
