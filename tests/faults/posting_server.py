"""A server that speaks as much of Mastodon's API as an answer needs, counts what is posted, and keeps callers waiting."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from inbox.clock import now

US = {"id": "1", "acct": "us", "username": "us", "url": "https://us.example/@us"}


class PostingServer:
    """Until it is `opened` nobody gets an answer to a post, and only every second post is taken; it knows no repeats."""

    def __init__(self) -> None:
        self.address, self.statuses, self.asked = "", list[dict[str, Any]](), 0
        self.opened, self._lock = threading.Event(), threading.Lock()

    def post(self, body: dict[str, Any]) -> dict[str, Any] | None:
        """The status that is there now; None when this post was lost."""
        with self._lock:
            self.asked += 1
            is_lost = not self.opened.is_set() and self.asked % 2 == 0
            status = {
                "id": f"{self.address}/{len(self.statuses)}",
                "created_at": now().isoformat(),
                "account": US,
                "content": body["status"],
                "in_reply_to_id": body["in_reply_to_id"],
            }
            if not is_lost:
                self.statuses.append(status)
        self.opened.wait(60)
        return None if is_lost else status


@contextmanager
def posting_server() -> Iterator[PostingServer]:
    """The server on a free port."""
    double = PostingServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            about: Any = {} if "instance" in path else US
            self.answer({"descendants": []} if path.endswith("/context") else about)

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.answer(double.post(body))

        def answer(self, body: Any) -> None:
            if self.path.startswith("/api/v1/accounts/1/statuses"):
                body = [] if "max_id=" in self.path else double.statuses[::-1]
            content = json.dumps(body).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """Whoever was killed does not read its answer."""

    with Server(("127.0.0.1", 0), Handler) as server:
        double.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield double
        double.opened.set()
        server.shutdown()
        thread.join(5)
