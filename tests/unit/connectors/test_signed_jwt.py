"""Tokens signed with a key file: whoever has the public half can check them."""

import base64
import json
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from inbox.connectors.signed_jwt import Key, read_key, signed_jwt
from tests.contract.store_keys import ELLIPTIC, RSA, pem


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def opened(token: str, key: Any) -> tuple[Any, Any]:
    """Header and claims. Raises InvalidSignature."""
    head, body, signature = token.split(".")
    said, given = f"{head}.{body}".encode(), decoded(signature)
    if isinstance(key, rsa.RSAPrivateKey):
        key.public_key().verify(given, said, padding.PKCS1v15(), SHA256())
    else:
        assert len(given) == 64
        pair = encode_dss_signature(int.from_bytes(given[:32], "big"), int.from_bytes(given[32:], "big"))
        key.public_key().verify(pair, said, ec.ECDSA(SHA256()))
    return json.loads(decoded(head)), json.loads(decoded(body))


@pytest.mark.parametrize(("key", "algorithm"), [(RSA, "RS256"), (ELLIPTIC, "ES256")])
def test_the_public_half_opens_what_the_private_half_signed(key: Key, algorithm: str) -> None:
    token = signed_jwt(read_key(pem(key)), {"iss": "a", "exp": 7}, key_id="k-1")
    assert opened(token, key) == ({"alg": algorithm, "kid": "k-1", "typ": "JWT"}, {"iss": "a", "exp": 7})


def test_what_was_changed_on_its_way_is_noticed() -> None:
    head, _body, signature = signed_jwt(ELLIPTIC, {"iss": "a"}, key_id="k").split(".")
    forged = base64.urlsafe_b64encode(b'{"iss": "b"}').rstrip(b"=").decode()
    with pytest.raises(InvalidSignature):
        opened(f"{head}.{forged}.{signature}", ELLIPTIC)


@pytest.mark.parametrize("between", ["\n", "\r\n", " ", ""])
def test_a_key_is_read_however_a_form_has_joined_its_lines(between: str) -> None:
    joined = f"  {between.join(pem(ELLIPTIC).splitlines())} \n"
    assert read_key(joined).private_numbers() == ELLIPTIC.private_numbers()


@pytest.mark.parametrize("strange", ["", "-----BEGIN PRIVATE KEY-----", "geheim", "\udc80"])
def test_what_is_no_key_is_refused(strange: str) -> None:
    with pytest.raises(ValueError):
        read_key(strange)


def test_other_kinds_of_keys_are_refused() -> None:
    own = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for key in (ed25519.Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP384R1())):
        with pytest.raises(ValueError, match="another kind"):
            read_key(key.private_bytes(*own).decode())
