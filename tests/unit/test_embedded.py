"""The embedded Valkey where folders are deep, foreign or hostile."""

import subprocess
import tempfile
from pathlib import Path

import pytest
import redis

from inbox.config import load_settings
from inbox.embedded import NoValkey, valkey_command, valkey_socket, wait_for_valkey


@pytest.mark.parametrize("name", ["x" * 120, "ü" * 60, "100% sure #1 & more", "$HOME 'x'"])
def test_folders_may_be_deep_or_oddly_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory(prefix="t") as base:
        folder = Path(base) / name
        folder.mkdir()
        monkeypatch.setenv("TRELLIS_DATA", str(folder))
        load_settings.cache_clear()
        with subprocess.Popen(valkey_command(folder), stdout=subprocess.DEVNULL) as server:
            wait_for_valkey(folder)
            with redis.Redis.from_url(load_settings().redis) as connection:
                assert connection.ping()
            server.terminate()
        if not valkey_socket(folder).is_relative_to(base):
            valkey_socket(folder).parent.rmdir()


def test_a_folder_that_others_can_write_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    deep = tmp_path / ("x" * 120)
    deep.mkdir()
    trap = valkey_socket(deep).parent
    trap.mkdir()
    trap.chmod(0o777)
    with pytest.raises(NoValkey, match="can be written by others"):
        valkey_command(deep)


def test_a_link_in_place_of_the_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    deep, elsewhere = tmp_path / ("x" * 120), tmp_path / "elsewhere"
    deep.mkdir()
    elsewhere.mkdir()
    valkey_socket(deep).parent.symlink_to(elsewhere)
    with pytest.raises(NoValkey):
        valkey_command(deep)


def test_a_valkey_that_does_not_start_is_a_sentence_with_a_place_to_look(data_dir: Path) -> None:
    with pytest.raises(NoValkey, match=r"valkey\.log"):
        wait_for_valkey(data_dir, seconds=0.1)
