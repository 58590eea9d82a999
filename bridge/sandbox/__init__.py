"""Local stand-ins for the vendors: Zendesk, Jira and Slack over real HTTP, and a page to watch them.

    with Sandbox(now) as sandbox:
        sandbox.zendesk.open_ticket(...)
        WebClient(token, base_url=sandbox.slack_url)

It stands for the outside world and therefore imports nothing of the bridge. Another vendor is one
more file with its state and its app, and one more line in `Sandbox`.
"""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Self

from werkzeug.middleware.dispatcher import DispatcherMiddleware

from bridge.sandbox import (
    deeds,
    jira_api,
    oidc_api,
    pages,
    slack_api,
    slack_pages,
    twilio_api,
    zendesk_api,
)
from bridge.sandbox.courier import Attempt, Courier, Shipment
from bridge.sandbox.jira import Jira
from bridge.sandbox.oidc import Oidc
from bridge.sandbox.serve import Server
from bridge.sandbox.slack import Slack
from bridge.sandbox.smtp import Smtp
from bridge.sandbox.surveys import Surveys, qualtrics_api, surveymonkey_api
from bridge.sandbox.twilio import Twilio
from bridge.sandbox.wire import Clock, Fault, Faults, Gate
from bridge.sandbox.zendesk import Zendesk

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

__all__ = [
    "Attempt",
    "Courier",
    "Fault",
    "Jira",
    "Oidc",
    "Sandbox",
    "Shipment",
    "Slack",
    "Smtp",
    "Surveys",
    "Twilio",
    "Zendesk",
]


def no_faults(_vendor: str, _method: str, _path: str) -> Fault | None:
    """All goes well."""
    return None


class Sandbox:
    """All stand-ins on one free port of 127.0.0.1, and the courier that carries their webhooks.

    `faults` may be replaced at any time: it is asked once for each call to a vendor, with the
    vendor's name, the method and the path (as `/api/v2/tickets/1.json` or `/api/chat.postMessage`).
    """

    def __init__(
        self,
        now: Clock,
        *,
        port: int = 0,
        zendesk: Zendesk | None = None,
        slack: Slack | None = None,
        jira: Jira | None = None,
    ) -> None:
        self.now = now
        self.zendesk = zendesk or Zendesk(now)
        self.slack = slack or Slack(now)
        self.courier = self.zendesk.courier
        self.jira = jira or Jira(now)
        self.jira.courier = self.courier
        self.surveys = Surveys(now, self.courier)
        self.twilio = Twilio(now, self.courier)
        self.smtp = Smtp(now)
        self.oidc = Oidc(now)
        self.faults: Faults = no_faults
        vendors: dict[str, WSGIApplication] = {
            "zendesk": zendesk_api.create_app(self.zendesk),
            "slack": slack_api.create_app(self.slack),
            "jira": jira_api.create_app(self.jira),
            "surveymonkey": surveymonkey_api.create_app(self.surveys.surveymonkey),
            "qualtrics": qualtrics_api.create_app(self.surveys.qualtrics),
            "twilio": twilio_api.create_app(self.twilio),
            "oidc": oidc_api.create_app(self.oidc),
        }
        self.gates = {name: Gate(name, app, lambda: self.faults) for name, app in vendors.items()}
        mounts: dict[str, WSGIApplication] = {f"/{name}": gate for name, gate in self.gates.items()}
        shown = pages.create_app(self)
        shown.register_blueprint(deeds.create(self))
        shown.register_blueprint(slack_pages.create(self.slack))
        self._server = Server(DispatcherMiddleware(shown, mounts), port)
        self.slack.hooks_url = f"{self.url}/slack"
        self.oidc.issuer = self.oidc_url

    @property
    def url(self) -> str:
        """The pages; each vendor is under its name, as in `<url>/zendesk/api/v2/...`."""
        return self._server.url

    @property
    def zendesk_url(self) -> str:
        """What takes the place of `https://<subdomain>.zendesk.com`."""
        return f"{self.url}/zendesk"

    @property
    def jira_url(self) -> str:
        """What takes the place of `https://<site>.atlassian.net`."""
        return f"{self.url}/jira"

    @property
    def slack_url(self) -> str:
        """What takes the place of `https://slack.com/api/`, for `WebClient(base_url=...)`."""
        return f"{self.url}/slack/api/"

    @property
    def surveymonkey_url(self) -> str:
        """What takes the place of `https://api.surveymonkey.com`."""
        return f"{self.url}/surveymonkey"

    @property
    def qualtrics_url(self) -> str:
        """What takes the place of `https://<datacenter>.qualtrics.com`."""
        return f"{self.url}/qualtrics"

    @property
    def twilio_url(self) -> str:
        """What takes the place of `https://api.twilio.com`."""
        return f"{self.url}/twilio"

    @property
    def oidc_url(self) -> str:
        """The issuer of a provider of OpenID Connect."""
        return f"{self.url}/oidc"

    def start(self) -> Self:
        """Serve and carry from now on."""
        self._server.start()
        self.smtp.start()
        self.courier.start()
        return self

    def stop(self) -> None:
        """Stop serving and carrying; nothing of it is kept."""
        self.courier.stop()
        self.smtp.stop()
        self._server.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
