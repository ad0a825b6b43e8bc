"""A log line is one line of JSON with its fields, whatever is in it."""

import json
import logging
from collections.abc import Callable
from types import TracebackType

import pytest
from pydantic import BaseModel

from inbox.logs import Line, set_up_logs


def told(message: str, *arguments: object, **extra: object) -> dict[str, object]:
    record = logging.makeLogRecord(
        {"name": "x", "levelno": 20, "levelname": "INFO", "msg": message, "args": arguments, **extra}
    )
    line = Line("web").format(record)
    assert "\n" not in line
    parsed: dict[str, object] = json.loads(line)
    return parsed


def test_a_line_carries_the_fields_it_was_given() -> None:
    line = told("polled", channel=7, kind="mastodon")
    assert (line["event"], line["channel"], line["kind"], line["process"]) == ("polled", 7, "mastodon", "web")


@pytest.mark.parametrize("hostile", ["two\nlines", '"quoted"', "\x00\x1b[31m", "ü€🌱"])
def test_hostile_text_stays_within_its_line(hostile: str) -> None:
    assert told("%s", hostile)["event"] == hostile


def test_what_json_does_not_know_is_written_as_text() -> None:
    assert told("x", thing={1, 2})["thing"] == "{1, 2}"


def test_an_error_is_told_with_its_place_and_its_cause() -> None:
    line = told("poll broke", exc_info=raised(lambda: {}["gone"]))  # type: ignore[index]
    trace = str(line["trace"])
    assert trace.index("KeyError: 'gone'") < trace.index("RuntimeError: it broke")
    assert "test_logs.py" in trace


def test_what_somebody_wrote_stands_in_no_trace() -> None:
    class Post(BaseModel):
        words: int

    came = {"words": "".join(["Mein", " Passwort"])}
    trace = str(told("poll broke", exc_info=raised(lambda: Post.model_validate(came)))["trace"])
    assert "words: int_parsing" in trace
    assert "Mein Passwort" not in trace


def test_an_error_that_talks_a_lot_is_cut() -> None:
    said = "\n".join(["refused", "DETAIL: Key (text)=(Rhabarber)" + "a" * 10_000])

    def refuse() -> None:
        raise ValueError(said)

    trace = str(told("not stored", exc_info=raised(refuse))["trace"])
    assert "ValueError: refused" in trace
    assert "DETAIL" not in trace.replace('raise ValueError("refused\\nDETAIL', "")
    assert len(trace) < 3_000


def raised(broken: Callable[[], object]) -> tuple[type[BaseException], BaseException, TracebackType | None]:
    """What a handler sees of an error that came of another one."""
    try:
        try:
            broken()
        except Exception as error:
            raise RuntimeError("it broke") from error
    except RuntimeError as error:
        return type(error), error, error.__traceback__
    raise AssertionError("nothing broke")


def test_setting_up_twice_writes_each_line_once(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        set_up_logs("info", process="a")
        set_up_logs("info", process="b")
        logging.getLogger("x").info("hello")
        assert capsys.readouterr().err.count("hello") == 1
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
