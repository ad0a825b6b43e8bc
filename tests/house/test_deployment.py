"""What is written for Docker, and in the README, names commands and files that exist."""

import re
from pathlib import Path

import pytest
import yaml

from inbox.cli import COMMANDS
from inbox.config import PREFIX, Settings

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = {PREFIX + name.upper() for name in Settings.model_fields}


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, object]]:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]


def test_the_services_are_those_that_trellis_up_starts(services: dict[str, dict[str, object]]) -> None:
    assert set(services) == {"postgres", "valkey", "migrate", "web", "worker", "scheduler"}
    for name in ("migrate", "web", "worker", "scheduler"):
        assert services[name]["command"] == [name]
        assert name in COMMANDS


def test_the_services_are_configured_by_settings_that_exist(services: dict[str, dict[str, object]]) -> None:
    for name in ("migrate", "web", "worker", "scheduler"):
        environment = services[name]["environment"]
        assert isinstance(environment, dict)
        assert set(environment) <= SETTINGS


def test_services_wait_for_services_that_say_when_they_are_ready(services: dict[str, dict[str, object]]) -> None:
    for service in services.values():
        for needed, how in dict(service.get("depends_on", {})).items():  # type: ignore[call-overload]
            if how["condition"] == "service_healthy":
                assert "healthcheck" in services[needed]


def test_the_dockerfile_copies_what_exists_and_runs_as_nobody_special() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    copied = re.findall(r"^COPY (\S+) ", text, re.M)
    assert copied
    assert all((ROOT / name).exists() for name in copied)
    assert set(re.findall(r"\bTRELLIS_[A-Z]+\b", text)) <= SETTINGS
    assert "--require-hashes" in text
    assert re.search(r"^USER (?!root)", text, re.M)


def test_commands_in_the_readme_exist() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert not [name for name in set(re.findall(r"\bbin/([a-z]+)\b", text)) if not (ROOT / "bin" / name).exists()]
    shown = "\n".join([*re.findall(r"`([^`\n]+)`", text), *re.findall(r"```.*?\n(.*?)```", text, re.S)])
    assert not set(re.findall(r"(?:^|\s|/)trellis ([a-z][a-z-]*)", shown)) - set(COMMANDS)


def test_the_lock_pins_every_package_by_hash() -> None:
    for name in ("requirements.lock", "requirements-test.lock"):
        text = (ROOT / name).read_text(encoding="utf-8")
        entries = [entry for entry in re.split(r"\n(?=\S)", text) if not entry.startswith("#")]
        assert len(entries) > 50
        assert all("==" in entry and "--hash=sha256:" in entry for entry in entries)
        assert "://" not in text
