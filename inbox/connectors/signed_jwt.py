"""JSON Web Tokens signed with a key file, as Google (RS256) and Apple (ES256) want them. For the connectors."""

import base64
import json
import re
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from inbox.connectors.contract import N_

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def read_key(pem: str) -> Key:
    """The private key in a PEM file: RSA, or an elliptic curve of 256 bits. Raises ValueError for anything else."""
    try:
        key = load_pem_private_key(_in_lines(pem).encode("utf-8"), password=None)
    except (TypeError, UnsupportedAlgorithm) as error:
        raise ValueError(N_("another kind of key")) from error
    if isinstance(key, rsa.RSAPrivateKey) or (
        isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.key_size == 256
    ):
        return key
    raise ValueError(N_("another kind of key"))


def signed_jwt(key: Key, claims: Mapping[str, Any], *, key_id: str) -> str:
    """The claims, signed. RSA keys sign RS256, elliptic ones ES256."""
    is_rsa = isinstance(key, rsa.RSAPrivateKey)
    header = {"alg": "RS256" if is_rsa else "ES256", "kid": key_id, "typ": "JWT"}
    said = f"{_encoded(json.dumps(header).encode())}.{_encoded(json.dumps(dict(claims)).encode())}"
    if isinstance(key, rsa.RSAPrivateKey):
        signature = key.sign(said.encode("ascii"), padding.PKCS1v15(), SHA256())
    else:
        # The two numbers side by side, not wrapped as X.509 does it.
        r, s = decode_dss_signature(key.sign(said.encode("ascii"), ec.ECDSA(SHA256())))
        signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    return f"{said}.{_encoded(signature)}"


def _in_lines(pem: str) -> str:
    """The file as it was: a field of one line in a form makes blanks of its lines, or nothing."""
    found = re.fullmatch(r"\s*(-----BEGIN [A-Z ]+-----)([A-Za-z0-9+/=\s]+)(-----END [A-Z ]+-----)\s*", pem)
    if found is None:
        raise ValueError(N_("not a key file"))
    body = "".join(found[2].split())
    lines = [body[start : start + 64] for start in range(0, len(body), 64)]
    return "\n".join((found[1], *lines, found[3], ""))


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode("ascii")
