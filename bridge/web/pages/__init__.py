"""The pages for managers and admins: server-rendered, no inline script, nothing loaded from elsewhere.

Every page is a part of one blueprint, which lets nobody in who isn't signed in (views marked `public` apart), checks
the token of every form, and sends the headers. So a new page can forget none of it.
"""

from __future__ import annotations

from typing import Any, NoReturn

from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    current_app,
    g,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.sessions import SecureCookieSessionInterface
from flask_babel import Babel
from flask_bootstrap import Bootstrap5
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from bridge.domain.model import Severity
from bridge.domain.viewing import Role
from bridge.settings import Settings
from bridge.web.pages import here, signin, times
from bridge.web.pages.assets import address, assets
from bridge.web.pages.icons import icon
from bridge.web.pages.navigation import inner, places
from bridge.web.pages.parts import PARTS
from bridge.web.pages.signin.sessions import load
from bridge.work.bridge import Bridge
from bridge.work.secret import our_key

OURS = ("/inbox", "/alerts", "/insight", "/admin", "/account", "/sign-in", "/sign-out")
"""Where the pages are. Elsewhere no session is looked for: hooks and the API know who asks by other means."""

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
        " font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}

_csrf = CSRFProtect()


class Cookies(SecureCookieSessionInterface):
    """Flask's signed cookie, on pages alone. Its key is found when it is wanted, for it may be in the database."""

    def open_session(self, app: Flask, request: Any) -> Any:
        """None where no session is looked for."""
        if not request.path.startswith(OURS):
            return super().open_session(_KEYLESS, request)
        if app.secret_key is None:
            app.secret_key = secret_of(app.extensions[here.KEY])
        return super().open_session(app, request)


_KEYLESS = Flask(__name__, static_folder=None)


def secret_of(bridge: Bridge) -> str:
    """The key that cookies are signed with: made from BRIDGE_SECRET, else one of our own, kept in the database."""
    return our_key(bridge, "pages").hex()


def add_pages(app: Flask, bridge: Bridge) -> None:
    """Let the application serve the pages."""
    app.extensions[here.KEY] = bridge
    app.session_interface = Cookies()
    app.config.update(
        WTF_CSRF_CHECK_DEFAULT=False,  # the pages' guard checks; hooks prove themselves otherwise
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session
        SESSION_COOKIE_NAME="__Host-bridge-page" if secure(bridge.settings) else "bridge_page",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=secure(bridge.settings),
        BOOTSTRAP_SERVE_LOCAL=True,
        BABEL_TRANSLATION_DIRECTORIES="translations",
    )
    Bootstrap5(app)
    _csrf.init_app(app)
    Babel(app, locale_selector=times.language, timezone_selector=times.zone)
    app.register_blueprint(assets())
    pages = Blueprint("pages", __name__, template_folder="templates")
    pages.before_request(_guard)
    pages.after_request(_headed)
    pages.context_processor(_given)
    pages.register_error_handler(HTTPException, _told)
    for part in (signin.blueprint, *PARTS):
        pages.register_blueprint(part())
    for path in OURS:
        pages.add_url_rule(f"{path}/<path:rest>", "nowhere", _nowhere)
    app.register_blueprint(pages)


def secure(settings: Settings) -> bool:
    """Whether cookies go over HTTPS alone."""
    return settings.public_url.startswith("https://")


def _guard() -> AnyResponse | None:
    """Let in who is signed in; check the token of every form."""
    g.viewer = load()
    view = current_app.view_functions.get(request.endpoint or "")
    if g.viewer is None and not getattr(view, "public", False):
        if request.method == "GET":
            return redirect(url_for("pages.signin.show", next=request.full_path.rstrip("?")))
        return redirect(url_for("pages.signin.show"))
    _csrf.protect()
    return None


def _nowhere(rest: str) -> NoReturn:
    """What is called like a page, and is none, is told as a page."""
    abort(404, rest)


def _headed(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if secure(here.bridge().settings):
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return response


def _given() -> dict[str, Any]:
    """What every template may use."""
    return {
        "asset": address,
        "viewer": g.get("viewer"),
        "Role": Role,
        "Severity": Severity,
        "when": times.when,
        "moment": times.moment,
        "lasting": times.lasting,
        "language": times.language(),
        "icon": icon,
        "places": places,
        "inner": inner,
        "current_app_views": current_app.view_functions,
    }


def _told(error: HTTPException) -> tuple[str, int] | AnyResponse:
    """An error as a page."""
    code = error.code or 500
    if code < 400:
        return error.get_response()
    why = "csrf" if isinstance(error, CSRFError) else str(code)
    return render_template("error.html", code=code, why=why), code
