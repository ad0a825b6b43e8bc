"""Every setting of Trellis, read once from `TRELLIS_*` variables or a `.env` file. Nothing else reads the environment."""

import os
from functools import lru_cache
from pathlib import Path
from typing import Literal
from urllib.parse import quote, urlsplit

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from inbox.embedded import valkey_socket

PREFIX = "TRELLIS_"
# Read by bin/ scripts, the test suite or the trainer, not by the product; named here so that a typo elsewhere is still caught.
FOREIGN = {"TRELLIS_TRAINING_DATA", "TRELLIS_SHARED"}


LONGEST_UNDO = 600
"""Seconds that an answer may wait; whoever asked waits as long."""


class BadSetting(Exception):
    """A setting that stops the start; its text is one sentence for the operator."""


class Settings(BaseSettings):
    """What an operator can choose. Each field is the variable `TRELLIS_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_file=".env", extra="ignore", frozen=True)

    data: Path = Field(
        Path("data"), description="Folder for the database, the key, attachments and the embedded Valkey."
    )
    host: str = Field("127.0.0.1", description="Address the web server listens on.")
    port: int = Field(8080, ge=0, le=65535, description="Port of the web server; 0 picks a free one and prints it.")
    public_url: str = Field("", description="Address people use, for links in mails; by default http://HOST:PORT.")
    database_url: str = Field("", description="postgresql://… for teams; by default SQLite in the data folder.")
    redis_url: str = Field("", description="redis://… or unix://…; by default an embedded Valkey in the data folder.")
    secret_key: SecretStr = Field(SecretStr(""), description="32 bytes in base64; by default made in the data folder.")
    smtp_url: SecretStr = Field(
        SecretStr(""),
        description="smtp://, smtp+starttls:// or smtps://user:password@host:port for digests and notices;"
        " by default the first e-mail channel sends them.",
    )
    mail_from: str = Field("", description="Sender of digests and notices; by default the address of that mailbox.")
    workers: int = Field(1, ge=1, le=32, description="How many worker processes `trellis up` starts.")
    allow_private_addresses: bool = Field(
        False, description="Let connectors fetch from private addresses (intranets, tests)."
    )
    undo_seconds: int = Field(
        10,
        ge=0,
        le=LONGEST_UNDO,
        description="Seconds that an answer waits before it leaves, so that it can be undone; a channel may have its own.",
    )
    second_look: bool = Field(
        False, description="Judge messages that the tagger is unsure of once more; needs trellis-inbox[second-look]."
    )
    max_upload_mb: int = Field(50, ge=1, le=2048, description="Largest upload and webhook body, in megabytes.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="How much the log tells.")

    @field_validator("data")
    @classmethod
    def speakable_folder(cls, data: Path) -> Path:
        # An address of SQLite ends at the first question mark, which would put the database elsewhere.
        if "?" in str(data.absolute()):
            raise ValueError("a path with a question mark cannot be the address of a database")
        return data

    @field_validator("database_url")
    @classmethod
    def known_database(cls, url: str) -> str:
        if url and urlsplit(url).scheme not in {"sqlite", "postgresql", "postgresql+psycopg"}:
            raise ValueError("must start with postgresql:// or sqlite://")
        return url

    @field_validator("redis_url")
    @classmethod
    def known_redis(cls, url: str) -> str:
        if url and urlsplit(url).scheme not in {"redis", "rediss", "unix"}:
            raise ValueError("must start with redis://, rediss:// or unix://")
        return url

    @property
    def database(self) -> str:
        """The SQLAlchemy address of the database."""
        return self.database_url or f"sqlite:///{(self.data / 'trellis.db').resolve()}"

    @property
    def redis(self) -> str:
        """The redis-py address of Valkey; the embedded one listens on a socket in the data folder."""
        return self.redis_url or f"unix://{quote(str(valkey_socket(self.data)))}"

    @property
    def base_url(self) -> str:
        """The address people use, without a slash at the end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def attachments(self) -> Path:
        """Where the bytes of attachments lie, named by their SHA-256."""
        return self.data / "attachments"


@lru_cache(maxsize=1)
def load_settings() -> Settings:
    """The settings of this process. Raises BadSetting with one sentence when one is wrong or unknown."""
    known = {PREFIX + name.upper() for name in Settings.model_fields} | FOREIGN
    unknown = sorted(name for name in _names() if name.startswith(PREFIX) and name not in known)
    if unknown:
        raise BadSetting(f"{unknown[0]} is not a setting of Trellis; see .env.example for those that are.")
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]).upper().removeprefix(PREFIX)
        reason = first["msg"].removeprefix("Value error, ")
        raise BadSetting(f"{PREFIX}{name} cannot be used: {reason}.") from None


def _names() -> set[str]:
    """What is set, by name. Others may keep theirs in the same .env, as docker compose does, so only ours are judged."""
    file = Settings.model_config.get("env_file")
    try:
        return {*os.environ, *(name.upper() for name in dotenv_values(str(file)))} if file else set(os.environ)
    except (OSError, UnicodeDecodeError) as error:
        raise BadSetting(f"The file {file} cannot be read: {error}.") from None
