"""A log line is one line of JSON with its fields, whatever is in it."""

import json
import logging

import pytest

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
