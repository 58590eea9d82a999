"""A storm: hundreds of customers complain within ten seconds, all to one team. What its channel and phones get."""

from __future__ import annotations

import json
import sys
import time
from bisect import bisect_left
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import msgspec
from msgspec import Struct
from rich.console import Console
from rich.progress import Progress

from bridge.domain.model import Team
from bridge.embedded import temporary_postgres
from bridge.sandbox import Sandbox
from bridge.sandbox.slack import Arrival, Message
from bridge.simulate.cases import CUSTOMERS, SUBJECTS
from bridge.simulate.desks import OURS, OnZendesk
from bridge.simulate.fortnight_hands import REF
from bridge.simulate.showing import hurry, progress_bar, show_figures, show_trouble
from bridge.simulate.world import ENV, World, world
from bridge.store import alerts as stored

CONFIG = Path(__file__).with_name("storm.toml")
START = datetime(2026, 9, 8, 9, tzinfo=UTC)
BREAKS = START + timedelta(minutes=30)
LASTS = timedelta(seconds=10)
AT_END = timedelta(minutes=40)
"""How long the world goes on after the storm broke: what one person is told alone goes once a second, too."""

ALERTS = 500
AT_ONCE = 25  # tickets that are opened at one moment before
CRITICAL = 0.4  # of all answers
CHANNEL = "alerts-support"
PHONE = "+4930555101"
_A_SECOND = timedelta(seconds=1)
_AN_HOUR = timedelta(hours=1)


class StormOutcome(Struct, frozen=True, kw_only=True):
    """The figures. All `alerts` must be `reachable`: by a message of their own or on a page of a summary.

    `slack_calls` are those since the storm broke, `max_per_second` the most messages that any channel got in any
    second, `most_sms` the most to one phone in any hour, of at most `sms_allowed`. `lasted` is how many simulated
    seconds passed until Slack got the last message.
    """

    scenario: str
    seed: int
    alerts: int
    slack_calls: int
    max_per_second: int
    reachable: int
    messages: int
    summaries: int
    pages: int
    refused: int
    sms: int
    most_sms: int
    sms_allowed: int
    emails: int
    lasted: float
    trouble: tuple[str, ...]
    seconds: float

    @property
    def good(self) -> bool:
        """Everybody can find every alert, and nobody got more than may be."""
        return (
            0 < self.alerts == self.reachable
            and self.max_per_second == 1
            and 0 < self.most_sms <= self.sms_allowed
            and not self.trouble
        )


def run(seed: int, *, alerts: int = ALERTS, as_json: bool) -> int:
    """Run the storm; 0 only if nobody got too much and all of it can be found."""
    with temporary_postgres() as url, progress_bar(Console(stderr=True)) as progress:
        found = play(url, seed, progress, alerts=alerts)
    if as_json:
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
    else:
        _tell(found, Console())
    return 0 if found.good else 1


def play(
    url: str, seed: int, progress: Progress, *, alerts: int, config: Path = CONFIG
) -> StormOutcome:
    """Let the storm pass on an empty database, and count."""
    began = time.monotonic()
    hurry(url)
    with world(url, config, START, people) as made:
        task = progress.add_task("", total=(BREAKS + AT_END - START).total_seconds())

        def watch() -> None:
            now = made.clock()
            passed = (now - START).total_seconds()
            progress.update(task, completed=passed, description=f"{now:%H:%M:%S}")

        made.watch = watch
        script = write(made, seed, alerts)
        made.run({at: script[at] for at in script if at < BREAKS}, BREAKS)
        before = made.sandbox.slack.calls.total()
        made.run({at: script[at] for at in script if at >= BREAKS}, BREAKS + AT_END)
        return _outcome(made, seed, alerts, before, time.monotonic() - began)


def people(sandbox: Sandbox) -> list[Team]:
    """People the stand-ins: one team, whose manager has a phone."""
    desk, slack, twilio = sandbox.zendesk, sandbox.slack, sandbox.twilio
    integration = desk.add_agent(OURS, "bridge@example.com", "admin")
    desk.add_client(ENV["ZENDESK_CLIENT_ID"], ENV["ZENDESK_CLIENT_SECRET"], integration)
    slack.add_token(ENV["SLACK_BOT_TOKEN"])
    twilio.account, twilio.token = "AC" + "0" * 32, ENV["TWILIO_AUTH_TOKEN"]
    for name in CUSTOMERS:
        desk.add_customer(name, f"{name.lower().replace(' ', '.')}@example.org")
    team = Team(
        name="Support",
        slack_channel=slack.add_channel(CHANNEL),
        manager="Amira Haddad",
        manager_slack=slack.add_user("amira", "amira@example.com", "Amira Haddad"),
        manager_email="amira@example.com",
        manager_phone=PHONE,
        groups=(f"zendesk:{desk.add_group('Support')}",),
    )
    return [team]


def write(world: World, seed: int, alerts: int) -> dict[datetime, list[Callable[[], object]]]:
    """Write the script: tickets one after another, then the answers, all within `LASTS`."""
    chance = Random(seed)  # noqa: S311 - a repeatable script, not a secret
    desk = OnZendesk(world.sandbox.zendesk)
    world.sandbox.zendesk.subscribe(
        f"{world.hooks}/zendesk", ENV["ZENDESK_WEBHOOK_SECRET"], name=f"{OURS}: events"
    )
    keys: list[str] = []
    script: dict[datetime, list[Callable[[], object]]] = {}

    def opens(customer: str, subject: str) -> None:
        words = f"Hello, {subject.lower()}."
        keys.append(desk.open(customer, subject, words, "Support", urgency="normal"))

    def rates(number: int, score: int) -> None:
        world.surveys.typeform(
            f"{world.hooks}/typeform",
            ENV["TYPEFORM_SECRET"],
            score=score,
            words="Nothing works <!channel> since this morning.",
            ticket=int(keys[number]),
        )

    for number in range(alerts):
        arrives = START + timedelta(minutes=1 + number // AT_ONCE)
        customer, subject = chance.choice(CUSTOMERS), chance.choice(SUBJECTS)
        script.setdefault(arrives, []).append(lambda c=customer, s=subject: opens(c, s))  # type: ignore[misc]
        answers = BREAKS + LASTS * chance.random()
        score = 1 if chance.random() < CRITICAL else 2
        script.setdefault(answers, []).append(lambda n=number, s=score: rates(n, s))  # type: ignore[misc]
    return script


# --- what came of it


def _outcome(world: World, seed: int, alerts: int, before: int, seconds: float) -> StormOutcome:
    slack, twilio = world.sandbox.slack, world.sandbox.twilio
    channel = slack.find(CHANNEL).id
    posts = [message for message in slack.messages(channel) if not message.is_reply]
    pages = {post.ts: _pages(slack.thread(channel, post.ts)) for post in posts}
    shown = posts + [page for found in pages.values() for page in found]
    found = {ref for message in shown for ref in REF.findall(_written(message))}
    with world.bridge.engine.begin() as connection:
        opened = {alert.ref for alert in stored.listing(connection, 10 * alerts)}
    trouble = [] if len(opened) == alerts else [f"{len(opened)} alerts opened, of {alerts}"]
    trouble += [f"{ref} can't be found" for ref in sorted(opened - found)][:10]
    arrivals = [one for one in slack.arrivals if one.method == "chat.postMessage"]
    calls = slack.calls["chat.postMessage"]
    sent = sorted(one.at for one in twilio.messages if one.to == PHONE)
    return StormOutcome(
        scenario="storm",
        seed=seed,
        alerts=len(opened),
        slack_calls=slack.calls.total() - before,
        max_per_second=most_within(arrivals),
        reachable=len(opened & found),
        messages=len(arrivals),
        summaries=sum(bool(found) for found in pages.values()),
        pages=sum(len(found) for found in pages.values()),
        refused=calls - len(arrivals),
        sms=len(twilio.messages),
        most_sms=_most(sent, _AN_HOUR),
        sms_allowed=world.bridge.settings.storm.sms,
        emails=len(world.sandbox.smtp.messages),
        lasted=max(((one.at - BREAKS).total_seconds() for one in arrivals), default=0.0),
        trouble=tuple(trouble),
        seconds=round(seconds, 1),
    )


def most_within(arrivals: Iterable[Arrival], span: timedelta = _A_SECOND) -> int:
    """The most messages that any channel got within any such span."""
    by_channel: dict[str, list[datetime]] = {}
    for one in arrivals:
        by_channel.setdefault(one.channel, []).append(one.at)
    return max((_most(sorted(times), span) for times in by_channel.values()), default=0)


def _most(rising: list[datetime], span: timedelta) -> int:
    """How many lie in the fullest span, which holds its beginning and not its end."""
    return max((bisect_left(rising, at + span) - n for n, at in enumerate(rising)), default=0)


def _pages(thread: list[Message]) -> list[Message]:
    return [message for message in thread if '"Page ' in _written(message)]


def _written(message: Message) -> str:
    return json.dumps(message.blocks)


def _tell(found: StormOutcome, console: Console) -> None:
    rows: tuple[tuple[str, object], ...] = (
        ("Alerts", found.alerts),
        ("Can be found in the channel", found.reachable),
        ("Calls to Slack", found.slack_calls),
        ("Most messages a second to a channel", found.max_per_second),
        ("Refused by Slack", found.refused),
        ("Summaries", f"{found.summaries}, with {found.pages} pages"),
        ("SMS", f"{found.sms}, at most {found.most_sms} to a phone in an hour"),
        ("E-mails", found.emails),
        ("Last message after", f"{found.lasted:.0f} s"),
        ("Took", f"{found.seconds} s"),
    )
    show_figures(console, f"A storm (seed {found.seed})", rows)
    show_trouble(console, found.trouble)
