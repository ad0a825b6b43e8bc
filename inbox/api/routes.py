"""A blueprint of flask-smorest whose decorators keep the types of what they decorate."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import marshmallow as ma
from flask_smorest import Blueprint

from inbox.api.problems import answer_problem

PREFIX = "/api/v1"
View = TypeVar("View", bound=Callable[..., Any])


class Routes(Blueprint):  # type: ignore[misc]
    """The routes of one resource; its errors are problems. Under a route: requires, documented, arguments, response."""

    def __init__(self, name: str, resource: str) -> None:
        super().__init__(f"api_{name}", __name__, url_prefix=f"{PREFIX}/{name}", description=resource)
        self.register_error_handler(Exception, answer_problem)

    def get(self, rule: str, **options: Any) -> Callable[[View], View]:
        """Answers GET."""
        return cast(Callable[[View], View], super().get(rule, **options))

    def post(self, rule: str, **options: Any) -> Callable[[View], View]:
        """Answers POST."""
        return cast(Callable[[View], View], super().post(rule, **options))

    def arguments(self, schema: Any, **options: Any) -> Callable[[View], View]:
        """Reads and checks the query or the body, and gives it to the view first; what it does not know it refuses."""
        options.setdefault("unknown", ma.RAISE)
        return cast(Callable[[View], View], super().arguments(schema, **options))

    def response(self, status: int, schema: Any = None, **options: Any) -> Callable[[View], View]:
        """Writes what the view returns by `schema`."""
        return cast(Callable[[View], View], super().response(status, schema, **options))

    def alt_response(self, status: int, response: Any = None, **options: Any) -> Callable[[View], View]:
        """Describes another answer."""
        return cast(Callable[[View], View], super().alt_response(status, response, **options))
