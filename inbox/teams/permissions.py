"""Who may do what: one enum, roles as sets."""

from enum import StrEnum

from inbox.teams.models import Role


class Permission(StrEnum):
    """Each is `resource:action`; routes require one, templates ask `can(...)`."""

    CONVERSATIONS_READ = "conversations:read"
    CONVERSATIONS_WORK = "conversations:work"  # assign, close, snooze, note, correct a tag
    CONVERSATIONS_REPLY = "conversations:reply"
    MODERATION_ACT = "moderation:act"
    IDEAS_READ = "ideas:read"
    IDEAS_PROMOTE = "ideas:promote"
    IDEAS_DECIDE = "ideas:decide"  # status, merge, route
    CHANNELS_READ = "channels:read"
    CHANNELS_MANAGE = "channels:manage"
    TEAMS_READ = "teams:read"
    TEAMS_MANAGE = "teams:manage"
    DIGESTS_READ = "digests:read"
    DIGESTS_MANAGE = "digests:manage"
    WORKSPACE_MANAGE = "workspace:manage"


_READ = {
    Permission.CONVERSATIONS_READ,
    Permission.IDEAS_READ,
    Permission.CHANNELS_READ,
    Permission.TEAMS_READ,
    Permission.DIGESTS_READ,
}
_MANAGER = _READ | {
    Permission.CONVERSATIONS_WORK,
    Permission.CONVERSATIONS_REPLY,
    Permission.MODERATION_ACT,
    Permission.IDEAS_PROMOTE,
    Permission.IDEAS_DECIDE,
    Permission.DIGESTS_MANAGE,
}

ALLOWED: dict[Role, frozenset[Permission]] = {
    Role.ADMIN: frozenset(Permission),
    Role.MANAGER: frozenset(_MANAGER),
    Role.PRODUCT: frozenset(_READ | {Permission.IDEAS_PROMOTE, Permission.IDEAS_DECIDE, Permission.CONVERSATIONS_WORK}),
    Role.READER: frozenset(_READ),
}


def may(role: Role | str, permission: Permission) -> bool:
    """Whether a role includes a permission; an unknown role includes none."""
    try:
        return permission in ALLOWED[Role(role)]
    except ValueError:
        return False
