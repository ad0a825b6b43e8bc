"""A platform on this machine, in a process of its own: quiet feeds and quiet Mastodon accounts.

Run as: python -m bench.platform SECONDS; prints its port. Every answer takes so many seconds.
"""

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FEED = b"""<?xml version="1.0"?><rss version="2.0"><channel><title>Garden</title><item><title>Rake</title>
<guid isPermaLink="false">1</guid><pubDate>Fri, 20 Nov 2026 12:00:00 GMT</pubDate></item></channel></rss>"""
ETAG = '"one"'
US = {"id": "1", "username": "garden", "acct": "garden", "display_name": "Garden", "url": "http://127.0.0.1/@garden"}
ANSWERS = {
    "/api/v1/accounts/verify_credentials": US,
    "/api/v2/instance": {"domain": "garden.example", "configuration": {"statuses": {"max_characters": 500}}},
    "/api/v1/notifications": [],
    "/api/v1/accounts/1/statuses": [],
}


class Platform(BaseHTTPRequestHandler):
    """Answers as platforms do to whoever has read everything already."""

    protocol_version = "HTTP/1.1"
    slow_seconds = 0.0

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        time.sleep(self.slow_seconds)
        if path in ANSWERS:
            self._answer(200, json.dumps(ANSWERS[path]).encode(), "application/json")
        elif self.headers.get("If-None-Match") == ETAG:
            self._answer(304, b"", "")
        else:
            self._answer(200, FEED, "application/rss+xml")

    def _answer(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("ETag", ETAG)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


class Server(ThreadingHTTPServer):
    """Takes what many streams ask for at the same moment."""

    daemon_threads = True
    request_queue_size = 256


if __name__ == "__main__":
    Platform.slow_seconds = float(sys.argv[1])
    server = Server(("127.0.0.1", 0), Platform)
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()
