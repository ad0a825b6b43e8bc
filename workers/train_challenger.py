"""One training, from corrections to an outcome: run by `trellis retrain` in a process of its own."""

from collections.abc import Callable, Mapping, Sequence

from classifiers.adapt_fit import MOST
from classifiers.examples import HEADS, Example
from classifiers.gate_challenge import challenge
from classifiers.gate_teachers import Contradicting, find_contradicting
from classifiers.store import ModelRefused
from classifiers.tagger import Tagger
from classifiers.tags import OTHER, Tag
from inbox.database import Database
from inbox.training.contradict import Found
from inbox.training.find_champion import find_champion
from inbox.training.lessons import Lesson, lessons
from inbox.training.settle_training import Outcome
from workers.champion import shipped, with_learned

STEPS = 3
SHOWN = 5


def train_challenger(
    database: Database, decided: Mapping[int, bool], advance: Callable[[int], None]
) -> tuple[Outcome, list[Found]]:
    """What the corrections teach and whether it may serve, and who contradicts everybody else.

    `decided` says of teammates whether a person wants theirs used; `advance` is told each of STEPS as it is done.
    """
    model = shipped()
    with database.reading() as session:
        taught, champion = lessons(session, most=MOST), find_champion(session)
        until = int(champion.figures.get("until", 0)) if champion else 0
        serving = _at_first_look(champion.payload if champion else None)
    advance(1)
    # Saying so keeps the training claimed, however many teach.
    found = find_contradicting(model, [_example(lesson) for lesson in taught], lambda: advance(1))
    contradicting = [_found(one, taught, Tagger(model)) for one in found if one.source]
    doubted = {one.teammate_id for one in contradicting}
    used = [lesson for lesson in taught if decided.get(lesson.teammate_id or 0, lesson.teammate_id not in doubted)]
    advance(2)
    seen = sum(lesson.correction_id <= until for lesson in used)
    made = challenge(model, serving, [_example(lesson) for lesson in used], seen)
    advance(3)
    figures = {**made.figures, "until": max((lesson.correction_id for lesson in used), default=0)}
    return Outcome(
        model.version, made.version, made.payload, len(used), figures, made.reason, made.reason_fields
    ), contradicting


def _at_first_look(payload: bytes | None) -> Tagger:
    # A second look would help the champion alone: what a challenger says of a correction is known without one.
    try:
        return with_learned(payload) if payload else Tagger(shipped())
    except ModelRefused:
        return Tagger(shipped())


def _example(lesson: Lesson) -> Example:
    tags, labels = lesson.tags.split(), set(Tag)
    said = tuple(head in tags if head in labels else None for head in HEADS)
    return Example(lesson.text, lesson.language, said, str(lesson.teammate_id or ""))


def _found(one: Contradicting, taught: Sequence[Lesson], tagger: Tagger) -> Found:
    shown = [taught[place] for place in one.places[-SHOWN:]]
    answers = tagger.tag([lesson.text for lesson in shown], [lesson.language for lesson in shown])
    pairs = zip(shown, answers, strict=True)
    examples = [
        {"message_id": lesson.message_id, "theirs": lesson.tags or OTHER, "others": " ".join(answer.tags) or OTHER}
        for lesson, answer in pairs
    ]
    return Found(int(one.source), one.rows, len(one.places), examples)
