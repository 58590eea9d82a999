"""`/followup/<token>`: the customer's page with one question. No script, no cookie, nothing loaded from elsewhere.

Who has the link may answer: it is signed, ends after 30 days, and stands for one alert. So there is no session that
another site could ride on. A GET changes nothing, for mail scanners follow links before people do.
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import structlog
from flask import Blueprint, Response, make_response, render_template, request
from markupsafe import Markup
from msgspec import Struct
from sqlalchemy.exc import SQLAlchemyError

from bridge.domain.model import Alert, ConfigError
from bridge.work.bridge import Bridge
from bridge.work.followup import MOST_WORDS, Expired, Unknown, alert_of, hear

STYLE = Path(__file__).with_name("templates").joinpath("followup.css").read_text("utf-8")
_STYLE_HASH = b64encode(sha256(STYLE.encode()).digest()).decode()

HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self';"
        " base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Robots-Tag": "noindex, nofollow",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Vary": "Accept-Language",
}

log = structlog.get_logger()


class Phrases(Struct, frozen=True, kw_only=True):
    """All that the page says, in one language."""

    lang: str
    question: str
    words: str
    limit: str
    yes: str
    no: str
    choose: str
    thanks: str
    glad: str
    sorry: str
    too_old: str
    ask_anew: str
    unknown: str
    check: str
    broken: str
    again: str


ENGLISH = Phrases(
    lang="en",
    question="Did we put it right?",
    words="If you like, tell us more:",
    limit=f"You may leave this empty. At most {MOST_WORDS:,} characters.",
    yes="Yes",
    no="No",
    choose="Please choose Yes or No.",
    thanks="Thank you",
    glad="We are glad to hear it. You may close this page.",
    sorry="We are sorry, and have passed it on. You may close this page.",
    too_old="This link has ended",
    ask_anew="It was good for 30 days. If something is still wrong, please just write to us again.",
    unknown="This link does not work",
    check="Please check that it was copied as a whole, or just write to us again.",
    broken="Something went wrong on our side",
    again="Your answer was not kept. Please try again in a minute.",
)

_MOST = f"{MOST_WORDS:,}".replace(",", ".")
GERMAN = Phrases(
    lang="de",
    question="Haben wir es in Ordnung gebracht?",
    words="Wenn Sie mögen, schreiben Sie uns mehr dazu:",
    limit=f"Sie können das leer lassen. Höchstens {_MOST} Zeichen.",
    yes="Ja",
    no="Nein",
    choose="Bitte wählen Sie Ja oder Nein.",
    thanks="Vielen Dank",
    glad="Das freut uns. Sie können diese Seite schließen.",
    sorry="Das tut uns leid, und wir haben es weitergegeben. Sie können diese Seite schließen.",
    too_old="Dieser Link ist abgelaufen",
    ask_anew="Er galt 30 Tage. Wenn noch etwas nicht stimmt, schreiben Sie uns bitte einfach wieder.",
    unknown="Dieser Link funktioniert nicht",
    check="Bitte prüfen Sie, ob er ganz kopiert wurde, oder schreiben Sie uns einfach wieder.",
    broken="Bei uns ist etwas schiefgegangen",
    again="Ihre Antwort wurde nicht gespeichert. Bitte versuchen Sie es in einer Minute noch einmal.",
)

SPOKEN = {one.lang: one for one in (ENGLISH, GERMAN)}
"""The languages of the page; the customer's browser says which is wanted."""


def followup(bridge: Bridge) -> Blueprint:
    """The routes of the page."""
    pages = Blueprint("followup", __name__, template_folder="templates")

    @pages.get("/followup/<token>/", strict_slashes=False)
    def show(token: str) -> Response:
        alert = _opened(bridge, token)
        return _page(_say().question, asks=True) if isinstance(alert, Alert) else alert

    @pages.post("/followup/<token>/", strict_slashes=False)
    def take(token: str) -> Response:
        alert = _opened(bridge, token)
        if not isinstance(alert, Alert):
            return alert
        better, words = request.form.get("better", ""), request.form.get("words", "")
        if better not in ("yes", "no"):
            say = _say()
            return _page(say.question, say.choose, status=400, asks=True, words=words[:MOST_WORDS])
        try:
            new = hear(bridge, alert, better=better == "yes", words=words)
        except SQLAlchemyError as error:
            return _broken(error)
        log.info("customer answered", alert=alert.number, new=new)
        return _page(_say().thanks, _say().glad if better == "yes" else _say().sorry)

    return pages


def _opened(bridge: Bridge, token: str) -> Alert | Response:
    """The alert that the link stands for, or a page that says kindly why there is none."""
    say = _say()
    try:
        return alert_of(bridge, token)
    except Expired:
        return _page(say.too_old, say.ask_anew, status=410)
    except Unknown:
        return _page(say.unknown, say.check, status=404)
    except ConfigError as error:
        log.error("no follow-up", why=str(error))
        return _page(say.unknown, say.check, status=404)
    except SQLAlchemyError as error:
        return _broken(error)


def _broken(error: SQLAlchemyError) -> Response:
    log.error("answer not kept", kind=type(error).__name__)
    return _page(_say().broken, _say().again, status=503)


def _say() -> Phrases:
    return SPOKEN[request.accept_languages.best_match(SPOKEN, ENGLISH.lang) or ENGLISH.lang]


def _page(
    title: str, told: str = "", *, status: int = 200, asks: bool = False, words: str = ""
) -> Response:
    page = render_template(
        "followup.html",
        say=_say(),
        title=title,
        told=told,
        asks=asks,
        words=words,
        most=MOST_WORDS,
        style=Markup(STYLE),  # noqa: S704 - our own file
    )
    made = make_response(page, status)
    made.headers.update(HEADERS)
    return made
