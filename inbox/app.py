"""Wires the web application: the only place where settings, database, pages and guards meet."""

import hashlib
import logging
from importlib import import_module
from typing import Any

from flask import Blueprint, Flask, request
from flask_babel import Babel
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from inbox.config import Settings, load_settings
from inbox.database import Database
from inbox.pages import rendering
from inbox.pages.access import find_teammate
from inbox.pages.errors import register_errors
from inbox.translations_files import compiled_translations
from inbox.vault import open_vault
from inbox.web import House, RowId, limiter, log_requests, stop_reading, templates_folder

LANGUAGES = ("en", "de")
PAGES = (
    "static_files",
    "set_up",
    "sign_in",
    "conversations",
    "messages",
    "replies",
    "notes",
    "tags",
    "reasons",
    "tagging",
    "corrections",
    "training",
    "models",
    "drafts",
    "viewers",
    "attachments",
    "live",
    "ideas",
    "evidence",
    "tickets",
    "product_teams",
    "trackers",
    "channels",
    "connections",
    "consents",
    "quarantine",
    "receiving",
    "samples",
    "first_steps",
    "digests",
    "subscriptions",
    "teammates",
    "profile",
    "settings",
)
# 'none' first: what is not named here is not loaded at all. No inline scripts or styles anywhere.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
)


def create_app(settings: Settings | None = None) -> Flask:
    """The application for one process. Raises BadSetting when a setting cannot be used."""
    settings = settings or load_settings()
    vault = open_vault(settings)
    app = Flask("trellis", template_folder=str(templates_folder()), static_folder=None)
    app.url_map.converters["int"] = RowId
    app.extensions["trellis"] = House(settings, Database(settings.database), vault)
    app.config.update(
        SECRET_KEY=hashlib.sha256(b"cookies" + vault.key).hexdigest(),
        SESSION_COOKIE_NAME="trellis",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.base_url.startswith("https://"),
        PERMANENT_SESSION_LIFETIME=30 * 86_400,
        MAX_CONTENT_LENGTH=settings.max_upload_mb * 1_048_576,
        MAX_FORM_MEMORY_SIZE=2 * 1_048_576,
        WTF_CSRF_TIME_LIMIT=None,
        BABEL_TRANSLATION_DIRECTORIES=str(compiled_translations(settings.data)),
        RATELIMIT_STORAGE_URI=_limiter_storage(settings.redis),
        RATELIMIT_STRATEGY="sliding-window-counter",
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=True,
        RATELIMIT_HEADERS_ENABLED=True,
    )
    # One proxy in front is common; its headers are believed only when the operator has said which address people use.
    if settings.public_url:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)  # type: ignore[method-assign]
    Babel(app, locale_selector=_language, timezone_selector=_time_zone)
    rendering.register(app)
    csrf = CSRFProtect(app)
    limiter.init_app(app)
    # Without Valkey it would say so with every request; the banner and the log of the doorbell say it once.
    logging.getLogger("flask-limiter").setLevel(logging.ERROR)
    register_errors(app)
    for name in PAGES:
        page: Blueprint = import_module(f"inbox.pages.{name}").page
        app.register_blueprint(page)
        if getattr(page, "signed_elsewhere", False):
            csrf.exempt(page)
    _register_api(app, csrf)
    app.after_request(_guard)
    log_requests(app)
    app.teardown_appcontext(stop_reading)
    return app


def _register_api(app: Flask, csrf: CSRFProtect) -> None:
    for blueprint in import_module("inbox.api.app").register_api(app):
        csrf.exempt(blueprint)


def _guard(response: Any) -> Any:
    response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return response


def _language() -> str:
    teammate = find_teammate()
    if teammate:
        return teammate.language
    return request.accept_languages.best_match(LANGUAGES) or "en"


def _time_zone() -> str | None:
    teammate = find_teammate()
    return teammate.time_zone if teammate else None


def _limiter_storage(redis_url: str) -> str:
    return f"redis+{redis_url}" if redis_url.startswith("unix://") else redis_url
