"""App Store Connect's API, which says in a list of errors what is wrong. Used by `app_store_connect`."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from inbox.connectors.contract import N_, ConnectorError, OutcomeUnknown
from inbox.connectors.json_api import JsonApi, Query, mapping
from inbox.connectors.lenient import words
from inbox.text import one_line


class AppStoreApi(JsonApi):
    """Use it as a context manager. Raises the closed set of errors, with Apple's reason."""

    def read(self, path: str, query: Query | None = None, *, scope: str = "", cost: int = 1) -> httpx.Response:
        """GET."""
        with _in_apples_words():
            return super().read(path, query, scope=scope, cost=cost)

    def change(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        """Change something, once."""
        with _in_apples_words():
            return super().change(method, path, body, **options)


@contextmanager
def _in_apples_words() -> Iterator[None]:
    try:
        yield
    except ConnectorError as error:
        told = error.answer.get("errors")
        detail = words(mapping(told[0] if isinstance(told, list) and told else None).get("detail"))
        if not detail or isinstance(error, OutcomeUnknown):
            raise
        text = N_("%(error)s %(told)s", error=error, told=one_line(detail, 300))
        raise type(error)(text, retry_after=error.retry_after, status=error.status, answer=error.answer) from None
