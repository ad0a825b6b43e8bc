"""JSON Schema for the contracts of every dialect: documents that refer to each other, read once and validated against."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin

import jsonschema_rs
import yaml

# Words that describe and do not demand; in older drafts some of them are demands.
SILENT = {"example", "examples", "description", "x-examples", "discriminator", "xml", "externalDocs"}


@cache
def document(uri: str) -> Any:
    """A contract's file as JSON Schema of 2020-12 understands it, its references made absolute."""
    path = Path(unquote(uri.removeprefix("file://")))
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        return _modern(json.loads(text), uri)
    return _modern(yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)), uri)


def resolve(value: Any) -> Any:
    """What a reference stands for; anything else is itself."""
    for _ in range(20):
        if not isinstance(value, Mapping) or not isinstance(value.get("$ref"), str):
            return value
        uri, pointer = urldefrag(value["$ref"])
        found = document(uri)
        for part in filter(None, pointer.split("/")):
            name = unquote(part).replace("~1", "/").replace("~0", "~")
            found = found[int(name)] if isinstance(found, list) else found[name]
        value = found
    raise AssertionError(f"{value} refers in circles")


def faults(schema: Any, value: Any) -> Iterator[str]:
    """Why the value is not as the schema has it, the first three reasons."""
    for number, error in enumerate(_validator(json.dumps(schema, sort_keys=True)).iter_errors(value)):
        if number == 3:
            return
        where = "/".join(map(str, error.instance_path))
        yield f"{where or 'it'}: {error.message[:300]}"


def fits(schema: Any, value: Any) -> bool:
    """Whether the value is as the schema has it."""
    return not any(faults(schema, value))


def readings(text: str) -> list[Any]:
    """What a word of a query or a form may mean."""
    found: list[Any] = [text]
    if text in {"true", "false"}:
        found.append(text == "true")
    for kind in (int, float):
        try:
            found.append(kind(text))
        except ValueError:
            continue
    if text[:1] in {"[", "{"}:
        try:
            found.append(json.loads(text))
        except ValueError:
            pass
    return found


def fits_as_words(schema: Any, words: list[str]) -> bool:
    """Whether the words of one parameter, single or repeated, can be read as the schema has it."""
    lists = [words, *([words[0].split(",")] if len(words) == 1 else [])]
    each = [[readings(word)[-1] for word in entry] for entry in lists]
    return any(fits(schema, value) for value in ([*readings(words[0])] if len(words) == 1 else [])) or any(
        fits(schema, value) for value in [*lists, *each]
    )


def known_names(schema: Any) -> set[str] | None:
    """The property names an object may have, or None where any will do."""
    schema = resolve(schema)
    if not isinstance(schema, Mapping) or schema.get("additionalProperties"):
        return None
    names = set(schema.get("properties") or ())
    for word in ("allOf", "oneOf", "anyOf"):
        for part in schema.get(word) or ():
            inner = known_names(part)
            if inner is None and resolve(part).get("type", "object") == "object" and word == "allOf":
                return None
            names |= inner or set()
    return names or None


@cache
def _validator(schema: str) -> Any:
    registry = jsonschema_rs.Registry([], retriever=document)
    return jsonschema_rs.Draft202012Validator(json.loads(schema), registry=registry, validate_formats=False)


def _modern(node: Any, uri: str, *, is_named: bool = False) -> Any:
    """`is_named`: the keys are names of properties, not words of the schema."""
    if isinstance(node, list):
        return [_modern(entry, uri) for entry in node]
    if not isinstance(node, dict):
        return node
    if is_named:
        return {str(name): _modern(value, uri) for name, value in node.items()}
    if isinstance(node.get("$ref"), str):
        return {"$ref": urljoin(uri, node["$ref"])}
    changed = {
        str(name): _modern(value, uri, is_named=name in {"properties", "definitions", "schemas", "patternProperties"})
        for name, value in node.items()
        if name not in SILENT
    }
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if isinstance(changed.get(exclusive), bool) and changed.pop(exclusive):
            changed[exclusive] = changed.pop(bound)
    if isinstance(changed.get("items"), list):
        changed["items"] = {"anyOf": changed["items"]}
    if changed.pop("nullable", changed.pop("x-nullable", False)) is True:
        return {"anyOf": [changed, {"type": "null"}]}
    return changed
