"""`.env.example` says what `inbox/config.py` reads. After a change: python -m tests.house.test_settings"""

from pathlib import Path

from pydantic import SecretStr

from inbox.config import PREFIX, Settings

EXAMPLE = Path(__file__).resolve().parents[2] / ".env.example"
HEAD = "# Every setting of Trellis with its default. Copy to .env, or set as environment variables; all are optional.\n"


def expected_example() -> str:
    """The text that `.env.example` must have."""
    lines = [HEAD]
    for name, field in Settings.model_fields.items():
        default = field.default.get_secret_value() if isinstance(field.default, SecretStr) else field.default
        shown = str(default).lower() if isinstance(default, bool) else str(default)
        lines.append(f"# {field.description}\n#{PREFIX}{name.upper()}={shown}\n")
    return "\n".join(lines)


def test_the_example_lists_every_setting_with_its_default() -> None:
    assert EXAMPLE.read_text(encoding="utf-8") == expected_example()


def test_every_setting_is_described() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert field.description.endswith("."), name


if __name__ == "__main__":
    EXAMPLE.write_text(expected_example(), encoding="utf-8")
