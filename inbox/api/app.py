"""Puts the API into the application: its routes, its OpenAPI 3.1 description, and its errors as problem details."""

from typing import Any

from flask import Blueprint, Flask, Response, request
from flask_smorest import Api
from werkzeug.exceptions import HTTPException

from inbox.api import channels, conversations, health, ideas, messages
from inbox.api.access import public
from inbox.api.problems import MEDIA_TYPE, ProblemSchema, answer_problem
from inbox.api.routes import PREFIX

DESCRIPTION = "Read the inbox, answer, correct tags and promote ideas. Send a token as `Authorization: Bearer trl_…`."


class TrellisApi(Api):  # type: ignore[misc]
    """flask-smorest, with problems for errors and without its hands on the errors of pages."""

    ERROR_SCHEMA = ProblemSchema
    DEFAULT_RESPONSE_CONTENT_TYPE: str = Api.DEFAULT_RESPONSE_CONTENT_TYPE

    def _register_responses(self) -> None:
        self.DEFAULT_RESPONSE_CONTENT_TYPE = MEDIA_TYPE
        super()._register_responses()
        self.DEFAULT_RESPONSE_CONTENT_TYPE = Api.DEFAULT_RESPONSE_CONTENT_TYPE

    def _register_error_handlers(self) -> None:
        """Pages and API answer errors differently; register_api says which way."""


def register_api(app: Flask) -> list[Blueprint]:
    """Register everything below /api and the two health checks; the blueprints that need no CSRF token."""
    app.config.update(
        API_TITLE="Trellis",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX=PREFIX,
        OPENAPI_JSON_PATH="openapi.json",
        API_SPEC_OPTIONS={
            "info": {"description": DESCRIPTION},
            "security": [{"token": []}],
            "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        },
    )
    api = TrellisApi(app)
    _describe_access(app, api)
    pages = [conversations.page, messages.page, ideas.page, channels.page]
    for page in pages:
        api.register_blueprint(page)
    app.register_blueprint(health.page)
    _answer_unrouted(app)
    return [*pages, health.page]


def _describe_access(app: Flask, api: TrellisApi) -> None:
    @public
    def openapi_json() -> Response:
        """The description of this API."""
        description: Response = api._openapi_json()
        return description

    app.view_functions["api-docs.openapi_json"] = openapi_json


def _answer_unrouted(app: Flask) -> None:
    """What no route takes is the application's to answer: below /api with a problem, elsewhere as before."""
    handlers = app.error_handler_spec[None][None]
    as_page: Any = handlers.get(HTTPException)

    def answer(error: HTTPException) -> Any:
        if request.path.startswith("/api/"):
            return answer_problem(error)
        return as_page(error) if as_page else error

    app.register_error_handler(HTTPException, answer)
