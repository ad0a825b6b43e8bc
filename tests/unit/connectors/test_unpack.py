"""Packed answers are unpacked no further than they are read, however they are packed."""

import gzip
import threading
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from inbox.connectors.contract import ConnectorError, Passing, Refused
from inbox.connectors.http import fetch, open_client, read_json

MEGABYTE = 1024 * 1024
WORDS = b'{"told": "' + bytes(range(97, 123)) * 500 + b'"}'


@contextmanager
def answering(body: bytes, packing: str) -> Iterator[str]:
    """A server that answers everything with `body`, and says that it is packed so."""

    class Packed(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Encoding", packing)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Packed)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{running.server_port}"
    finally:
        running.shutdown()
        running.server_close()
        thread.join()


def bare(content: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(content) + packer.flush()


def once(content: bytes) -> bytes:
    return gzip.compress(content, 9)


def twice(content: bytes) -> bytes:
    return once(once(content))


@pytest.mark.parametrize(
    ("packing", "pack"),
    [
        ("gzip", once),
        ("X-GZIP", once),
        ("identity, gzip", once),
        ("deflate", zlib.compress),
        ("deflate", bare),
        ("identity", bytes),
        ("", bytes),
    ],
)
@pytest.mark.parametrize("piece", [1, 7, 100_000])
def test_what_was_packed_is_read(packing: str, pack: Callable[[bytes], bytes], piece: int) -> None:
    packed = pack(WORDS)
    pieces = [packed[at : at + piece] for at in range(0, len(packed), piece)]

    def answer(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"Content-Encoding": packing}, content=iter(pieces))

    with open_client(allow_private=True, transport=httpx.MockTransport(answer)) as client:
        assert fetch(client, "GET", "https://packed.example/", limit=len(WORDS)).content == WORDS
        with pytest.raises(Refused, match="more than"):
            fetch(client, "GET", "https://packed.example/", limit=len(WORDS) - 1)


@pytest.mark.parametrize(("packing", "pack"), [("gzip", once), ("gzip, gzip", twice), ("deflate", zlib.compress)])
def test_little_that_unpacks_to_much_takes_no_memory(packing: str, pack: Callable[[bytes], bytes]) -> None:
    with answering(pack(bytes(64 * MEGABYTE)), packing) as url, open_client(allow_private=True) as client:
        tracemalloc.start()
        try:
            with pytest.raises(ConnectorError):
                read_json(fetch(client, "GET", url, limit=MEGABYTE))
            assert tracemalloc.get_traced_memory()[1] < 8 * MEGABYTE
        finally:
            tracemalloc.stop()


def test_a_packed_answer_is_asked_for_and_read_from_a_real_server() -> None:
    with answering(once(WORDS), "gzip") as url, open_client(allow_private=True) as client:
        found = fetch(client, "GET", url)
        assert found.request.headers["accept-encoding"] == "gzip, deflate"
        assert found.content == WORDS


@pytest.mark.parametrize("packing", ["gzip", "deflate", "br", "gzip, gzip"])
def test_what_is_damaged_or_packed_in_ways_nobody_asked_for_passes(packing: str) -> None:
    with (
        answering(b"\x1f\x8b\x08\x00damaged" * 20, packing) as url,
        open_client(allow_private=True) as client,
        pytest.raises(Passing),
    ):
        read_json(fetch(client, "GET", url))
