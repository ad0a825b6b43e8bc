"""JSON Schema for the contracts of every dialect: documents that refer to each other, read once and validated against."""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin

import jsonschema_rs
import yaml

# Words that describe and do not demand; in older drafts some of them are demands.
SILENT = {"example", "examples", "description", "x-examples", "discriminator", "xml", "externalDocs"}


# How files of other dialects become documents of schemas: by the scheme of their address, "lexicon:///folder/file.json".
READERS: dict[str, Callable[[str], Any]] = {}


@cache
def document(uri: str) -> Any:
    """A contract's file as JSON Schema of 2020-12 understands it, its references made absolute."""
    scheme = uri.partition(":")[0]
    if scheme in READERS:
        return READERS[scheme](uri)
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
        uri, _, pointer = value["$ref"].partition("#")
        found = document(uri)
        for part in filter(None, pointer.split("/")):
            name = unquote(part).replace("~1", "/").replace("~0", "~")
            found = found[int(name)] if isinstance(found, list) else found[name]
        value = found
    raise AssertionError(f"{value} refers in circles")


def faults(schema: Any, value: Any) -> Iterator[str]:
    """Why the value is not as the schema has it, the first ten reasons."""
    for number, error in enumerate(_validator(json.dumps(schema, sort_keys=True)).iter_errors(value)):
        if number == 10:
            return
        where, message = _closest(error)
        yield f"{'/'.join(map(str, where)) or 'it'}: {message[:300]}"


def _closest(error: Any) -> tuple[list[Any], str]:
    """Of the choices that a value might have been, the one that it came closest to."""
    choices = [choice for choice in getattr(error.kind, "context", None) or [] if choice]
    if not choices:
        return list(error.instance_path), str(error.message)
    deepest = max(
        choices, key=lambda choice: (max(len(one.instance_path) for one in choice), "type" not in str(choice[0]))
    )
    return _closest(max(deepest, key=lambda one: len(one.instance_path)))


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
    root = json.loads(schema)
    registry = _registry(frozenset(_reached(root)))
    return jsonschema_rs.Draft202012Validator(root, registry=registry, validate_formats=False)


@cache
def _registry(uris: frozenset[str]) -> Any:
    return jsonschema_rs.Registry([(uri, document(uri)) for uri in sorted(uris)])


def _reached(root: Any) -> set[str]:
    """Every document that a schema leads to."""
    found, waiting = set[str](), list(_named_in(root))
    while waiting:
        uri = waiting.pop()
        if uri not in found:
            found.add(uri)
            waiting += _leads_to(uri)
    return found


@cache
def _leads_to(uri: str) -> frozenset[str]:
    return frozenset(_named_in(document(uri)))


def _named_in(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"].partition("#")[0]
        node = list(node.values())
    if isinstance(node, list):
        for entry in node:
            yield from _named_in(entry)


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
