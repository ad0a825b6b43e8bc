"""Encrypts credentials for their row. A ciphertext that is moved to another row does not open there."""

import base64
import json
import os
from collections.abc import Mapping
from pathlib import Path
from secrets import token_hex
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from inbox.config import BadSetting, Settings
from inbox.sentence import N_

KEY_BYTES = 32
NONCE_BYTES = 12
VERSION = "1"


class CannotOpen(Exception):
    """The credentials of a row were not written with this key, or for this row."""


class Vault:
    """AES-256-GCM with the row's name as associated data."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise BadSetting("TRELLIS_SECRET_KEY cannot be used: it must be 32 bytes in base64.")
        self.key = key
        self._cipher = AESGCM(key)

    def seal(self, secrets: Mapping[str, Any], *, row: str) -> str:
        """Encrypt `secrets` for the row named e.g. `"channel:7"`."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, json.dumps(dict(secrets)).encode(), row.encode())
        return f"{VERSION}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"

    def open(self, sealed: str | None, *, row: str) -> dict[str, Any]:
        """Decrypt what `seal` made for this row; nothing sealed is an empty dict. Raises CannotOpen."""
        if not sealed:
            return {}
        try:
            version, _, body = sealed.partition(".")
            raw = base64.urlsafe_b64decode(body)
            if version != VERSION:
                raise ValueError("unknown version")
            plain = self._cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], row.encode())
        except (InvalidTag, ValueError) as error:
            raise CannotOpen(
                N_("The stored credentials of %(row)s cannot be opened with this key; enter them again.", row=row)
            ) from error
        opened: dict[str, Any] = json.loads(plain)
        return opened


def open_vault(settings: Settings) -> Vault:
    """The vault of this installation; without TRELLIS_SECRET_KEY its key lies in the data folder, readable by its owner only."""
    given = settings.secret_key.get_secret_value()
    if given:
        try:
            return Vault(base64.b64decode(given, validate=True))
        except ValueError:
            raise BadSetting("TRELLIS_SECRET_KEY cannot be used: it must be 32 bytes in base64.") from None
    return Vault(_key_in(settings.data / "secret.key"))


def _key_in(path: Path) -> bytes:
    if not path.exists():
        _make_key(path)
    if path.stat().st_mode & 0o077:
        raise BadSetting(f"{path} can be read by others; run chmod 600 on it.")
    try:
        return base64.b64decode(path.read_bytes(), validate=True)
    except ValueError:
        raise BadSetting(f"{path} is damaged; put the key back from a backup.") from None


def _make_key(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Written aside and linked into place, so that processes and threads that start together end with one whole key.
    fresh = path.with_name(f"{path.name}.{token_hex(8)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(base64.b64encode(os.urandom(KEY_BYTES)))
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
