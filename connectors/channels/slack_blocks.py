"""An alert as a message in Slack's Block Kit: what is wrong, who has it, and what can be done about it."""

from __future__ import annotations

from collections.abc import Iterator

from bridge.domain.model import AlertState, Contact, Goalpost, Line, Message
from connectors.channels.slack_offers import calls, offers
from connectors.channels.slack_parts import (
    SIGNS,
    Block,
    address,
    context,
    date,
    header,
    line,
    link,
    member,
    mrkdwn,
    plain_text,
    quote,
    ref_line,
    rich,
    run,
    said,
    section,
    size,
    title,
    unmarked,
)
from connectors.channels.slack_parts import fallback as _fallback
from connectors.channels.slack_relation import answers
from connectors.plain import plain, web

# Block Kit refuses a message as a whole when one part is too long. Ours are shorter than its limits
# (header 150, texts 2000 and 3000, 50 blocks), for a message has to be read on a phone.
_REPLY = 2500
_WHY = 400
_WORDS = 1200
_ROOM = 6500  # for all reasons together; Slack's total for blocks is about 13,000 (unconfirmed)
_MOST_REASONS = 10
_MOST_GONE = 5
_MOST_FACTS = 8
_MOST_GOALS = 6

_STATES = {
    AlertState.OPEN: "Open",
    AlertState.ACKNOWLEDGED: "Acknowledged",
    AlertState.CONTACTED: "Customer contacted",
    AlertState.RESOLVED: "Resolved",
}


def blocks(message: Message, *, mention: bool = False, marker: str = "") -> list[Block]:
    """An alert as Block Kit: what is wrong, where, who has it and who is told next, each reason, what to do, buttons.

    With `mention`, whom `message.mention` names is called by name. `message.text` says why one person is told.
    """
    built = [header(title(message))]
    if why := said(message.text, _WHY, lines=True):
        built.append(rich(line(run(why))))
    built += answers(message)
    if mention:
        built += _mention(message)
    built += alert_blocks(message)
    built += offers(message)
    return _signed(built, message, marker)


def alert_blocks(message: Message) -> list[Block]:
    """The same without title, mention, buttons and reference: for reading."""
    built = [context(_about(message))]
    if customer := _customer(message.customer):
        built.append(context([plain_text(f"Customer: {customer}")]))
    built.append(context(_standing(message)))
    if goals := message.goals[:_MOST_GOALS]:
        built.append(context(map(_goal, goals)))
    if outcome := said(message.outcome, 400):
        built.append(rich(line(run("Outcome: ", bold=True), run(outcome))))
    built += _reasons(message)
    for label, text in (("Told", ", ".join(message.told)), ("Note", message.remark)):
        if text.strip():
            built.append(context([plain_text(f"{label}: {said(text, 240)}")]))
    return built


def reply_blocks(message: Message, *, mention: bool = False, marker: str = "") -> list[Block]:
    """A reply in the alert's thread, in the words of `message.text`.

    With `mention`, whom `message.mention` names is called by name, and finds the buttons there.
    """
    words = said(_reply(message), _REPLY, lines=True) or "-"
    built = [rich(line(run(words)))]
    if mention and (called := _mention(message)):
        built += called + calls(message)
    return _signed(built, message, marker)


def block_id(marker: str) -> str:
    """The id of a message's first block, by which it can be found again."""
    return f"bridge:{plain(marker, 240)}"


def fallback(message: Message) -> str:
    """What a notification shows, and those who read no blocks."""
    if message.asks and message.text.strip():
        return _fallback(f"{message.text} ({message.subject})")
    return _fallback(f"{title(message)} ({message.subject})")


def reply_fallback(message: Message) -> str:
    """The same for a reply."""
    return _fallback(_reply(message))


def _signed(built: list[Block], message: Message, marker: str) -> list[Block]:
    return marked([*built, ref_line(message.ref)], marker)


def marked(built: list[Block], marker: str) -> list[Block]:
    """The blocks with the marker in the first one's id; as they are for ""."""
    if not marker or not built:
        return built
    return [built[0] | {"block_id": block_id(marker)}, *built[1:]]


def _reply(message: Message) -> str:
    return message.text if message.text.strip() else message.headline


def _mention(message: Message) -> list[Block]:
    if not (called := member(message.mention)):
        return []
    return [section(mrkdwn(f"<@{called}> this needs you."))]


def _about(message: Message) -> Iterator[Block]:
    yield link(message.url, message.subject)
    if message.url.strip() and not address(message.url):
        yield plain_text(said(message.url, 300) or "-")
    if message.title.strip():
        yield plain_text(f"“{said(message.title, 200)}”")
    if message.team.strip():
        yield plain_text(f"Team: {said(message.team, 100)}")
    if message.manager.strip():
        yield plain_text(f"Manager: {said(message.manager, 100)}")
    yield mrkdwn(f"since {date(message.since)}")


def _customer(contact: Contact) -> str:
    parts = (contact.name, contact.email, contact.phone)
    return " · ".join(said(part, 120) for part in parts if part.strip())


def standing(message: Message) -> str:
    """How far it has come, and who has it."""
    state = AlertState.RESOLVED if message.resolved else message.state
    if owner := said(message.owner, 100):
        return f"{_STATES[state]} · Owner: {owner}"
    return _STATES[state] + (": nobody has it yet" if state is AlertState.OPEN else "")


def _standing(message: Message) -> Iterator[Block]:
    yield plain_text(standing(message))
    if message.next and not message.resolved:
        who, at = message.next
        yield mrkdwn(f"Tells {unmarked(who, 100) or '-'} at {date(at)} unless somebody takes it")


def _goal(goal: Goalpost) -> Block:
    what = unmarked(goal.what, 100) or "Goal"
    if goal.met:
        return mrkdwn(f"✓ {what}: done")
    return mrkdwn(
        f"! {what}: missed, was due {date(goal.due_at)}"
        if goal.missed
        else f"{what} by {date(goal.due_at)}"
    )


def _reasons(message: Message) -> Iterator[Block]:
    """The reasons that hold, in full while there is room; then those that are gone, struck through."""
    held = [reason for reason in message.lines if not reason.gone]
    gone = [reason for reason in message.lines if reason.gone]
    told = held[:_MOST_REASONS]
    heads = [_headline(reason) for reason in told]
    room = _ROOM - sum(map(size, heads))
    for reason, head in zip(told, heads, strict=True):
        alone = len(held) == 1 and reason.headline == message.headline
        elements = ([] if alone else [head]) + list(_details(reason))
        room += size(head) - size(elements)
        if room < 0:
            room += size(elements) - size(head)
            elements = [head]
        if elements:
            yield rich(*elements)
    for reason in gone[:_MOST_GONE]:
        yield rich(line(run(said(reason.headline, 150) or "-", strike=True)))
    if untold := len(held[_MOST_REASONS:]) + len(gone[_MOST_GONE:]):
        yield context([plain_text(f"and {untold} more reason{'s' * (untold > 1)}")])


def _details(reason: Line) -> Iterator[Block]:
    facts = reason.facts[:_MOST_FACTS]
    if facts:
        runs: list[Block] = []
        for label, value in facts:
            runs.append(run(f"{said(label, 60)}: ", bold=True))
            runs.append(run(f"{said(value, 240)}\n"))
        yield line(*runs)
    if words := said(reason.words, _WORDS, lines=True):
        yield quote(words)
    advice = [("What would put it right", reason.fix), ("Playbook", reason.playbook)]
    runs = [one for label, text in advice if text.strip() for one in _pair(label, text)]
    if reason.recording.strip():
        runs += _pair("Listen", reason.recording)
    if runs:
        yield line(*runs)


def _headline(reason: Line) -> Block:
    sign, word = SIGNS[reason.severity]
    return line(run(f"{sign} {word}: {said(reason.headline, 300)}", bold=True))


def _pair(label: str, text: str) -> list[Block]:
    url = web(text)
    shown = {"type": "link", "url": url} if url else run(said(text, 400))
    return [run(f"{label}: ", bold=True), shown, run("\n")]
