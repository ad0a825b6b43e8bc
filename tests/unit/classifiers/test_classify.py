"""`trellis classify`: JSON lines in, JSON lines out, bad lines named and the rest answered."""

import json
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner

from classifiers.classify import command

ROOT = Path(__file__).resolve().parents[3]


def _run(lines: str | bytes) -> tuple[int, list[dict[str, object]]]:
    result = CliRunner().invoke(command, [], input=lines)
    return result.exit_code, [json.loads(line) for line in result.stdout.splitlines()]


def test_each_line_is_answered_in_order() -> None:
    texts = ["Wie kann ich kündigen?", "please add dark mode", "Danke!"]
    code, answers = _run("".join(json.dumps({"text": text}) + "\n" for text in texts))
    assert code == 0
    assert [(answer["primary"], answer["lang"]) for answer in answers] == [
        ("question", "de"),
        ("idea", "en"),
        ("other", "de"),
    ]
    assert set(answers[0]) == {"primary", "tags", "labels", "lang"}
    assert set(answers[0]["labels"]) == {"question", "complaint", "idea", "troll"}  # type: ignore[call-overload]


def test_bad_lines_are_named_and_the_others_answered() -> None:
    lines = b'{"text": "hallo"}\nnot json\n\n{"text": 5}\n[1]\n\xff\xfe\n{"text": "ok", "lang": 7}'
    code, answers = _run(lines)
    assert code == 1
    assert [answer.get("line") for answer in answers] == [None, 2, 4, 5, 6, None]
    assert "not JSON" in str(answers[1]["error"])
    assert '"text"' in str(answers[2]["error"])


def test_nothing_in_gives_nothing_out() -> None:
    assert _run("") == (0, [])


def test_more_lines_than_a_batch_are_all_answered() -> None:
    code, answers = _run('{"text": "Wie geht das?"}\n' * 600)
    assert (code, len(answers)) == (0, 600)


def test_an_endless_line_is_refused_and_the_next_one_answered() -> None:
    code, answers = _run(b'{"text": "' + b"a" * 9_000_000 + b'"}\n{"text": "hallo"}\n')
    assert code == 1
    assert [answer.get("line") for answer in answers] == [1, None]


def test_a_foreign_model_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "bad.zip").write_bytes(b"bad")
    result = CliRunner().invoke(command, ["--model", str(tmp_path / "bad.zip")], input="")
    assert result.exit_code == 1
    assert "not a whole Trellis model" in result.stderr


def test_answers_do_not_wait_for_scikit_learn() -> None:
    script = (
        "import sys; from classifiers.tagger import load_tagger; load_tagger().tag(['Hallo'])\n"
        "assert not {'sklearn', 'scipy', 'inbox'} & set(sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False).returncode == 0
