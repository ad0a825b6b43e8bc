"""A token goes to its own host over TLS, and nowhere else, whatever a redirect says."""

import httpx
import pytest

from inbox.connectors.bearer import Bearer
from inbox.connectors.http import fetch, open_client


@pytest.mark.parametrize("elsewhere", ["http://api.test/b", "https://api.test:8443/b", "https://other.test/b"])
def test_a_redirect_elsewhere_takes_no_token_along(elsewhere: str) -> None:
    seen: list[tuple[str, str]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append((str(request.url), request.headers.get("Authorization", "")))
        moved = str(request.url) == "https://api.test/a"
        return httpx.Response(307, headers={"Location": elsewhere}) if moved else httpx.Response(200, json={})

    with open_client(allow_private=False, transport=httpx.MockTransport(answer)) as client:
        client.auth = Bearer("api.test", lambda _refused: "secret")
        fetch(client, "GET", "https://api.test/a")
    assert seen == [("https://api.test/a", "Bearer secret"), (elsewhere, "")]
