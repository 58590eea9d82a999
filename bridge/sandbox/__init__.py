"""Local stand-ins for the vendors: Zendesk and Slack over real HTTP, and a page to watch them.

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

from bridge.sandbox import pages, slack_api, zendesk_api
from bridge.sandbox.courier import Attempt, Courier, Shipment
from bridge.sandbox.serve import Server
from bridge.sandbox.slack import Slack
from bridge.sandbox.wire import Clock, Fault, Faults, Gate
from bridge.sandbox.zendesk import Zendesk

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

__all__ = ["Attempt", "Courier", "Fault", "Sandbox", "Shipment", "Slack", "Zendesk"]


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
    ) -> None:
        self.now = now
        self.zendesk = zendesk or Zendesk(now)
        self.slack = slack or Slack(now)
        self.courier = self.zendesk.courier
        self.faults: Faults = no_faults
        vendors: dict[str, WSGIApplication] = {
            "zendesk": zendesk_api.create_app(self.zendesk),
            "slack": slack_api.create_app(self.slack),
        }
        self.gates = {name: Gate(name, app, lambda: self.faults) for name, app in vendors.items()}
        mounts: dict[str, WSGIApplication] = {f"/{name}": gate for name, gate in self.gates.items()}
        self._server = Server(DispatcherMiddleware(pages.create_app(self), mounts), port)

    @property
    def url(self) -> str:
        """The pages; each vendor is under its name, as in `<url>/zendesk/api/v2/...`."""
        return self._server.url

    @property
    def zendesk_url(self) -> str:
        """What takes the place of `https://<subdomain>.zendesk.com`."""
        return f"{self.url}/zendesk"

    @property
    def slack_url(self) -> str:
        """What takes the place of `https://slack.com/api/`, for `WebClient(base_url=...)`."""
        return f"{self.url}/slack/api/"

    def start(self) -> Self:
        """Serve and carry from now on."""
        self._server.start()
        self.courier.start()
        return self

    def stop(self) -> None:
        """Stop serving and carrying; nothing of it is kept."""
        self.courier.stop()
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
