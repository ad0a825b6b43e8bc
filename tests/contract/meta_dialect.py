"""How Meta speaks, whichever of its platforms it is: pages, errors, signatures and the handshake. For the stages."""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import httpx

from tests.contract.stage import Stage


class MetaStage(Stage):
    """One of Meta's platforms."""

    secrets: ClassVar[dict[str, Any]] = {
        "access_token": "EAAtoken1",
        "app_secret": "appsecret1",
        "verify_token": "sesame",
    }
    object: ClassVar[str]
    no_signed_time = "Meta signs no time; the ids of messages tell repeats"
    tells_when = False

    def said(self, status: int, code: int, subcode: int = 0) -> httpx.Response:
        """An error as Meta writes it."""
        error = {"message": "No.", "type": "OAuthException", "code": code, "fbtrace_id": "AbCdEf"}
        return httpx.Response(status, json={"error": error | ({"error_subcode": subcode} if subcode else {})})

    def patience(self, seconds: int) -> httpx.Response:
        return self.said(400, 32)

    def unauthorised(self) -> httpx.Response:
        return self.said(401, 190, 463)

    def refusal(self) -> httpx.Response:
        return self.said(400, 100, 1_234)

    def paged(self, pages: Sequence[Sequence[Any]], after: str | None) -> httpx.Response:
        """The page that the cursor leads to."""
        number = int(after or 0)
        paging: dict[str, Any] = {"cursors": {"before": "b", "after": str(number + 1)}}
        if number + 1 < len(pages):
            paging["next"] = f"https://{self.host}/next"
        return httpx.Response(200, json={"data": list(pages[number]), "paging": paging})

    def greeting(self) -> tuple[Mapping[str, str], str, Mapping[str, str]]:
        right = {"hub.mode": "subscribe", "hub.verify_token": "sesame", "hub.challenge": "1158201444"}
        return right, "1158201444", {**right, "hub.verify_token": "wrong"}

    def signed(self, entries: Sequence[Any], *, forged: bool) -> Any:
        """Headers and body of a delivery."""
        body = json.dumps({"object": self.object, "entry": list(entries)}).encode()
        digest = hmac.new(b"other" if forged else b"appsecret1", body, hashlib.sha256).hexdigest()
        return {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={digest}"}, body
