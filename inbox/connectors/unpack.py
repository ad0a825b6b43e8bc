"""Unpacks answers no further than they are read: half a kilobyte, packed twice, can be gigabytes. For the HTTP client."""

import zlib
from typing import Any

import httpx

PACKINGS = "gzip, deflate"
_ENVELOPED, _BARE = zlib.MAX_WBITS | 32, -zlib.MAX_WBITS
# So many bytes tell whether a stream has an envelope, and which.
_TELLING = 2
_GZIP = b"\x1f\x8b"


class Unpacker:
    """What decodes one answer in httpx's place. It gives at most one byte more than `limit`, which tells that there is more.

    What is packed in another way than we asked for, such as twice, stays as it is. Raises httpx.DecodingError for damage.
    """

    def __init__(self, response: httpx.Response, limit: int) -> None:
        told = response.headers.get_list("content-encoding", split_commas=True)
        packings = [name for value in told if (name := value.strip().lower()) not in {"", "identity"}]
        self._is_packed = packings in (["gzip"], ["x-gzip"], ["deflate"])
        self._stream: Any = None
        self._beginning = b""
        self._room = limit + 1

    def decode(self, data: bytes) -> bytes:
        """The next bytes."""
        if not self._is_packed:
            return data
        if self._stream is None:
            self._beginning = data = self._beginning + data
            if len(data) < _TELLING:
                return b""
            self._stream = zlib.decompressobj(_ENVELOPED if _has_envelope(data) else _BARE)
        # To zlib a room of 0 is one without walls.
        if not self._room:
            return b""
        try:
            part: bytes = self._stream.decompress(data, self._room)
        except zlib.error as error:
            raise httpx.DecodingError(str(error)) from error
        self._room -= len(part)
        return part

    def flush(self) -> bytes:
        """Nothing is kept back."""
        return b""


def _has_envelope(beginning: bytes) -> bool:
    """Some servers mean the bare stream by "deflate"."""
    is_zlib = beginning[0] & 15 == zlib.DEFLATED and int.from_bytes(beginning[:_TELLING]) % 31 == 0
    return is_zlib or beginning.startswith(_GZIP)
