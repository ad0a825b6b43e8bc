"""A GraphQL schema: what is asked must be valid against it, with the variables it names."""

import gzip
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from graphql import GraphQLSchema, build_schema, get_operation_ast, parse, validate
from graphql.execution.values import get_variable_values

from tests.contract.official import Official


class GraphQl(Official):
    """One schema, plain or gzipped."""

    def problems(
        self, folder: Path, request: httpx.Request, path: str, response: httpx.Response | None
    ) -> Iterator[str]:
        if request.method != "POST":
            yield "GraphQL is asked by POST"
            return
        body = json.loads(request.content)
        schema = _schema(folder / self.path)
        asked = parse(body["query"])
        errors: Any = validate(schema, asked)
        operation = get_operation_ast(asked, body.get("operationName"))
        if not errors and operation is not None:
            values = get_variable_values(schema, operation.variable_definitions, body.get("variables") or {})
            errors = values if isinstance(values, list) else []
        yield from (str(getattr(error, "message", error)) for error in errors[:3])
        if response is not None and response.status_code < 400:
            answer = json.loads(response.content or b"null")
            if not isinstance(answer, dict) or not ({"data", "errors"} & set(answer)):
                yield "the answer has neither data nor errors"


@cache
def _schema(path: Path) -> GraphQLSchema:
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return build_schema(content.decode("utf-8"), assume_valid=True)
