"""The rules of the house that a machine can read off the files."""

import ast
import re
import subprocess
import sys
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LONGEST_MODULE = 300
# A suite for one thing stays together a little longer; a migration is as long as what it changes.
LONGEST_SUITE = 400
BOXES = ("inbox", "classifiers", "workers")
# Put together here, so that this file does not hold what it looks for.
REGISTRIES = ("pypi" + ".org", "python" + "hosted", "npm" + "js", "/opt/" + "pypi")
MACHINE_PATH = re.compile(r"(^|[^A-Za-z0-9_.])/(?:" + "|".join(("wo" + "rk", "ro" + "ot", "fa" + "rm")) + ")/")
LEFTOVERS = re.compile(
    r"\b(?:" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "raise NotImplemented" + "Error")) + r")\b"
)
NOT_FOLDERS = {"utils", "helpers", "util", "common", "misc", "services", "managers", "handlers"}


def tracked(*patterns: str) -> list[Path]:
    """Files under version control, or in a copy without it, all files that are not ignored."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns],
            cwd=ROOT,
            capture_output=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this is not a git checkout")
    return [path for name in listed.stdout.decode().split("\0") if name and (path := ROOT / name).is_file()]


def words(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def test_modules_are_short() -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for path in tracked("*.py")
        if "versions" not in path.parts
        and (count := len(words(path).splitlines())) > (LONGEST_SUITE if "tests" in path.parts else LONGEST_MODULE)
    }
    assert not long


def test_modules_say_what_they_are_for() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for box in BOXES
        for path in tracked(f"{box}/*.py")
        if words(path).strip() and "versions" not in path.parts and not ast.get_docstring(ast.parse(words(path)))
    ]
    assert not silent


def test_no_file_names_a_registry_or_a_path_of_one_machine() -> None:
    found = []
    for path in tracked():
        text = words(path)
        found += [f"{path.relative_to(ROOT)}: {name}" for name in REGISTRIES if name in text]
        if MACHINE_PATH.search(text):
            found.append(f"{path.relative_to(ROOT)}: a path of one machine")
    assert not found


def test_nothing_is_left_for_later() -> None:
    found = [
        str(path.relative_to(ROOT))
        for path in tracked("*.py", "*.html", "*.js", "*.css")
        if LEFTOVERS.search(words(path))
    ]
    assert not found


def test_no_folder_or_module_hides_its_name() -> None:
    hiding = [
        str(path.relative_to(ROOT))
        for path in tracked("*.py")
        if NOT_FOLDERS & {part.removesuffix(".py") for part in path.parts}
    ]
    assert not hiding


def test_types_are_checked_and_exceptions_say_which_rule() -> None:
    bare = [
        f"{path.relative_to(ROOT)}:{token.start[0]}"
        for path in tracked("*.py")
        for token in tokenize.generate_tokens(iter(words(path).splitlines(keepends=True)).__next__)
        if token.type == tokenize.COMMENT and re.search(r"# (?:type: ignore|noqa)\s*(?:$|[^\[:])", token.string)
    ]
    assert not bare


@pytest.mark.parametrize(
    "pattern", [r"<script(?![^>]*\bsrc=)(?![^>]*application/json)", r"<style\b", r"\sstyle=", r"\son[a-z]+="]
)
def test_pages_hold_no_inline_script_or_style(pattern: str) -> None:
    # Mails are not pages: mail programs read styles only inline, and css-inline puts them there.
    found = [
        str(path.relative_to(ROOT))
        for path in tracked("templates/*.html")
        if not {"emails", "letters"} & set(path.parts)
        and re.search(pattern, re.sub(r"{#.*?#}", "", words(path), flags=re.S), re.I)
    ]
    assert not found


def test_the_web_process_does_without_the_classifier() -> None:
    code = "import sys; import inbox.app; print(*{'sklearn', 'scipy', 'numpy', 'classifiers', 'workers'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
