"""Reads a tag: questions in which something happened with all below them, and the comments, of which questions do not tell."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from inbox.clock import now
from inbox.connectors.contract import Batch, IncomingMessage
from inbox.connectors.json_api import mapping, text_of
from inbox.connectors.lenient import moment, unix_moment
from inbox.connectors.read_each import Harvest, Place, name_of, read_each
from inbox.connectors.stack_exchange_api import StackExchangeApi
from inbox.connectors.stack_exchange_read import id_in, read_placed
from inbox.connectors.walk_since import Slice, walk_since

VERSION = 1
QUESTIONS = 50  # in one page: all that is below them is read before it counts as read
AT_ONCE = 100
MOST_PAGES = 50
WATCHED = 100
LOOK_EVERY = timedelta(hours=1)
OVERLAP = timedelta(minutes=5)


def poll_tag(
    api: StackExchangeApi, tag: str, our_id: int, cursor: Mapping[str, Any], since: datetime | None
) -> Iterator[Batch]:
    """Questions by their last activity, oldest first, then what was commented on since the last look."""
    begun_at = now()
    watch = _Watch(cursor, begun_at)
    state: Mapping[str, Any] = cursor

    def page(start: datetime | None, further: str | None) -> Slice[Any]:
        query = {"tagged": tag, "sort": "activity", "order": "asc", "page": further or "1", "pagesize": QUESTIONS}
        least = {"min": int(start.timestamp())} if start else {}
        items, has_more = api.ask_site("/questions", {**query, **least})
        dated = [(name_of(q, "question_id"), unix_moment(mapping(q).get("last_activity_date")), q) for q in items]
        return Slice(dated, str(int(further or 1) + 1) if has_more else None)

    for fresh, state in walk_since(page, cursor, since):
        numbers = _numbers(fresh, "question_id")
        answers = _below(api, "questions", numbers, "answers")
        threads = {id_in(item): f"q:{text_of(mapping(item).get('question_id'))}" for item in answers}
        comments = _below(api, "questions", numbers, "comments")
        comments += _below(api, "answers", _numbers(answers, "answer_id"), "comments")
        watch.add(numbers, answers)
        harvest = _read([*fresh, *answers, *comments], threads, api.site, our_id, since)
        yield Batch(harvest.messages, (), harvest.bad, harvest.filtered, {"v": VERSION, **state, **watch.state})
    if watch.looked_at > begun_at - LOOK_EVERY:
        return
    harvest = _read(watch.look_again(api), watch.threads, api.site, our_id, since)
    watch.looked_at = begun_at
    yield Batch(harvest.messages, (), harvest.bad, harvest.filtered, {"v": VERSION, **state, **watch.state})


class _Watch:
    """The questions of a tag in which something happened last, with their answers: comments move no question up."""

    def __init__(self, cursor: Mapping[str, Any], begun_at: datetime) -> None:
        self.answers: dict[int, list[int]] = {}
        kept = cursor.get("watched")
        for entry in kept if isinstance(kept, list) else []:
            if isinstance(entry, list | tuple) and entry and all(isinstance(number, int) for number in entry):
                self.answers[entry[0]] = list(entry[1:])
        self.looked_at = moment(cursor.get("looked_at")) or begun_at

    @property
    def state(self) -> dict[str, Any]:
        watched = [[question, *answers] for question, answers in self.answers.items()]
        return {"watched": watched, "looked_at": self.looked_at.isoformat()}

    @property
    def threads(self) -> dict[str, str]:
        return {f"a:{answer}": f"q:{question}" for question, answers in self.answers.items() for answer in answers}

    def add(self, questions: Sequence[int], answers: Sequence[Any]) -> None:
        for question in questions:
            self.answers.pop(question, None)
            below = [item for item in answers if mapping(item).get("question_id") == question]
            self.answers[question] = _numbers(below, "answer_id")
        self.answers = dict(list(self.answers.items())[-WATCHED:])

    def look_again(self, api: StackExchangeApi) -> list[Any]:
        """Comments since the last look, a little overlapping, because the clocks differ."""
        begin = int((self.looked_at - OVERLAP).timestamp())
        answers = [answer for below in self.answers.values() for answer in below]
        found = _below(api, "questions", list(self.answers), "comments", begin)
        found += _below(api, "answers", answers, "comments", begin)
        # What they are about may be older than anything read so far.
        posts = {f"a:{post}" for post in _numbers(found, "post_id")}
        asked = {int(self.threads.get(post, post)[2:]) for post in posts}
        above = (
            api.ask_site(f"/questions/{';'.join(map(str, sorted(asked)))}", {"pagesize": AT_ONCE})[0] if asked else []
        )
        return [*above, *found]


def _below(api: StackExchangeApi, above: str, numbers: Sequence[int], kind: str, begin: int | None = None) -> list[Any]:
    """All answers or comments below these posts, from that moment on."""
    found: list[Any] = []
    for start in range(0, len(numbers), AT_ONCE):
        part, page, has_more = ";".join(map(str, numbers[start : start + AT_ONCE])), 1, True
        while has_more and page <= MOST_PAGES:
            query = {"sort": "creation", "order": "asc", "pagesize": AT_ONCE, "page": page, "fromdate": begin}
            more, has_more = api.ask_site(f"/{above}/{part}/{kind}", query)
            found += more
            page += 1
    return found


def _read(items: Sequence[Any], threads: Mapping[str, str], site: str, our_id: int, since: datetime | None) -> Harvest:
    """The items as messages, without what is older than `since`, unless something newer answers it."""

    def place(item: Any) -> Place:
        """What the item answers, and its conversation."""
        name, post = id_in(item), text_of(mapping(item).get("post_id"))
        if not post:
            return {"above": threads.get(name, ""), "thread": threads.get(name, "")}
        answer = f"a:{post}" if f"a:{post}" in threads else f"q:{post}"
        return {"above": answer, "thread": threads.get(answer, answer)}

    def is_early(item: Any) -> bool:
        at = unix_moment(mapping(item).get("creation_date"))
        return since is not None and at is not None and at < since

    answered = {name for item in items if not is_early(item) for name in place(item).values()}

    def read(item: Any) -> Sequence[IncomingMessage]:
        message = read_placed(item, place(item), our_id=our_id, site=site)
        return () if is_early(item) and message.external_id not in answered else (message,)

    return read_each(items, read, place)


def _numbers(items: Iterable[Any], field: str) -> list[int]:
    found = (mapping(item).get(field) for item in items)
    return [number for number in found if isinstance(number, int) and not isinstance(number, bool)]
