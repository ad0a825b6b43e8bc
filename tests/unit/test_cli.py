"""The command line: quick, one sentence for what the operator can mend, exit codes that scripts can rely on."""

import os
import resource
import subprocess
import sys
from datetime import timedelta
from importlib import import_module
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from sqlalchemy import select

from inbox.cli import COMMANDS, group, main
from inbox.config import BadSetting, Settings, load_settings
from inbox.database import Database
from inbox.teams.models import ApiToken, Role, Teammate
from inbox.teams.sign_in import check_password
from inbox.teams.tokens import find_token
from tests.making import make_channel, make_conversation

ROOT = Path(__file__).resolve().parents[2]


def trellis(*arguments: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    said = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return ended.value.code, said.out, said.err


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_loads_and_explains_itself(name: str) -> None:
    command = import_module(COMMANDS[name][0]).command
    assert isinstance(command, click.Command)
    assert command.get_short_help_str()
    assert CliRunner().invoke(group, [name, "--help"]).exit_code == 0


def test_help_loads_no_command() -> None:
    code = "import sys; from inbox.cli import group; group.main(['--help'], standalone_mode=False); print({'pydantic', 'sqlalchemy', 'flask'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.endswith("set()\n")
    assert all(name in done.stdout for name in COMMANDS)


def test_an_unknown_setting_is_one_sentence_and_exit_code_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TRELLIS_PROT", "8080")
    code, out, err = trellis("migrate", capsys=capsys)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert "TRELLIS_PROT" in err


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TRELLIS_DATA", "/nowhere/sure?"),
        ("TRELLIS_PORT", "many"),
        ("TRELLIS_PORT", "65536"),
        ("TRELLIS_WORKERS", "0"),
        ("TRELLIS_DATABASE_URL", "mysql://x"),
    ],
)
def test_a_bad_setting_is_named(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, value)
    code, _, err = trellis("up", capsys=capsys)
    assert code == 2
    assert name in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"POSTGRES_PASSWORD=x\nTRELLIS_UNDO_SECONDS=7\n", "7"),
        (b"TRELLIS_PROT=1\n", "TRELLIS_PROT is not a setting"),
        (b"TRELLIS_PORT=many\n", "TRELLIS_PORT cannot be used"),
        (b"\xff\xfe", "cannot be read"),
    ],
)
def test_a_file_of_settings_may_hold_those_of_others(
    content: bytes, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_bytes(content)
    monkeypatch.setitem(Settings.model_config, "env_file", str(tmp_path / ".env"))
    load_settings.cache_clear()
    try:
        found = str(load_settings().undo_seconds)
    except BadSetting as error:
        found = str(error)
    assert said in found
    assert "\n" not in found


def test_an_unknown_command_is_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert trellis("upp", capsys=capsys)[0] == 2


def test_a_database_that_is_away_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TRELLIS_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none?connect_timeout=2")
    code, _, err = trellis("token", "list", capsys=capsys)
    assert code == 2
    assert err.startswith("The database cannot be used:")
    assert err.count("\n") == 1


def test_a_token_is_printed_alone_and_works_until_revoked(sqlite_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = trellis("token", "create", "--name", "robot", "--role", "manager", capsys=capsys)
    plain = out.strip()
    assert code == 0
    with Database(sqlite_url).reading() as session:
        token = find_token(session, plain)
        assert token
        assert (token.name, token.role) == ("robot", Role.MANAGER)
    assert plain not in trellis("token", "list", capsys=capsys)[1]
    assert trellis("token", "revoke", str(token.id), capsys=capsys)[0] == 0
    with Database(sqlite_url).reading() as session:
        assert find_token(session, plain) is None
        assert session.scalar(select(ApiToken.token_hash)) != plain
    assert trellis("token", "revoke", "99", capsys=capsys)[0] == 2


def test_create_admin_makes_an_admin_and_gives_a_new_password(
    sqlite_url: str, quick_passwords: None, capsys: pytest.CaptureFixture[str]
) -> None:
    for password in ("correct horse", "battery staple"):
        given = ("create-admin", "--email", "Ada@Example.org", "--password", password)
        assert trellis(*given, capsys=capsys)[0] == 0
        with Database(sqlite_url).reading() as session:
            known = check_password(session, "ada@example.org", password)
            assert known
            assert known.role == Role.ADMIN
            assert len(session.scalars(select(Teammate)).all()) == 1
    assert trellis("create-admin", "--email", "eve@example.org", "--password", "short", capsys=capsys)[0] == 2


def test_doctor_names_what_is_ill_and_ends_with_1(sqlite_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = trellis("doctor", capsys=capsys)
    assert code == 1
    assert "ILL   Valkey" in out
    assert "ok    data folder" in out
    assert "ok    mail: nothing leaves yet" in out


def test_doctor_sees_that_nobody_tags(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    database = Database(sqlite_url)
    with database.writing() as session:
        make_conversation(session, make_channel(session), ("Where is my key?",))
    database.dispose()
    assert "ok    tags: no message waits" in trellis("doctor", capsys=capsys)[1]
    monkeypatch.setattr("inbox.commands.doctor.TAGGED_WITHIN", timedelta(seconds=-60))
    assert "ILL   tags: messages without a tag: 1;" in trellis("doctor", capsys=capsys)[1]


def test_version_starts_quickly() -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "inbox.cli", "version"], cwd=ROOT, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1.5


def test_nobody_else_can_read_the_files(capsys: pytest.CaptureFixture[str], data_dir: Path) -> None:
    before = os.umask(0o022)
    try:
        assert trellis("migrate", capsys=capsys)[0] == 0
    finally:
        os.umask(before)
    files = [path for path in data_dir.rglob("*") if path.is_file()]
    assert files
    assert not [path.name for path in files if path.stat().st_mode & 0o077]
