"""Every route says who may use it."""

from collections.abc import Callable, Iterator
from typing import Any

from inbox.teams.permissions import Permission


def views(app: Any) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Each function behind a route, with the methods of class-based views one by one."""
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        of_class = getattr(view, "view_class", None)
        if of_class is None:
            yield f"{rule.endpoint} {rule.rule}", view
            continue
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            yield f"{rule.endpoint} {method}", getattr(of_class, method.lower())


def test_every_route_requires_a_permission_or_is_public(app: Any) -> None:
    open_to_all, unsaid = set(), []
    for name, view in views(app):
        access = getattr(view, "access", None)
        if access == "public":
            open_to_all.add(name)
        elif not isinstance(access, Permission):
            unsaid.append(name)
    assert not unsaid
    assert open_to_all, "sign-in is public"


def test_every_route_explains_itself(app: Any) -> None:
    assert not [name for name, view in views(app) if not view.__doc__ and not name.startswith("api-docs")]


def test_no_two_routes_share_an_address(app: Any) -> None:
    seen: dict[tuple[str, str], str] = {}
    for rule in app.url_map.iter_rules():
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            assert (rule.rule, method) not in seen, f"{rule.endpoint} and {seen[rule.rule, method]}"
            seen[rule.rule, method] = rule.endpoint
