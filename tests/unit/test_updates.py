"""What an update lacks is said in sentences that its author would accept; what is good is left alone."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from bridge.domain.hours import Hours
from bridge.domain.judge import Moment
from bridge.domain.model import Category, Finding, Phase, Said, Ticket
from bridge.domain.rules.thin_update import ThinUpdate
from bridge.domain.text import COLD, Silent
from bridge.domain.updates import WEIGHTS, Quality, judged, new_thin, new_updates, thin
from bridge.domain.updates.reading import body, sentences

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
DAY = timedelta(days=1)
HOLLOW = "We are still working on it. Thank you for your patience."
REPLIES = tomllib.loads(Path(__file__).parent.parent.joinpath("replies.toml").read_text("utf-8"))


def ticket(*updates: Said, asked: tuple[Said, ...] = (), **fields: Any) -> Ticket:
    return Ticket(
        id="zendesk:1",
        as_of=(NOW, 0, ""),
        whole=True,
        updates=updates,
        messages=asked,
        public_replies=len(updates),
        **fields,
    )


def said(text: str, at: datetime = NOW, ref: str = "") -> Said:
    return Said(at, "7", ref or at.isoformat(), text)


def asked(text: str, at: datetime = NOW - timedelta(hours=1)) -> tuple[Said, ...]:
    return (Said(at, "c", at.isoformat(), text),)


def last(*texts: str, question: str = "") -> Quality:
    """How good the last of these updates is, written a day apart; the customer asks before it."""
    updates = [said(text, NOW - (len(texts) - n - 1) * DAY) for n, text in enumerate(texts)]
    case = ticket(*updates, asked=asked(question) if question else ())
    return judged(case, COLD)[-1].quality


def names(found: Quality) -> set[str]:
    return {lack.name for lack in found.reasons}


# --- replies labelled by hand


def judge(reply: dict[str, Any]) -> Quality:
    before = reply.get("before", "Hello, this is what we know.")
    updates = [said(before, NOW - 2 * DAY)] if before else []
    question = asked(reply["asked"]) if "asked" in reply else ()
    return judged(ticket(*updates, said(reply["text"]), asked=question), COLD)[-1].quality


@pytest.mark.parametrize(("part", "right", "blamed"), [("labelled", 0.95, 0), ("unseen", 0.9, 0)])
def test_replies_are_judged_as_people_would(part: str, right: float, blamed: int) -> None:
    replies = REPLIES[part]
    found = [judge(reply).thin for reply in replies]
    agreed = sum(thin == reply["thin"] for thin, reply in zip(found, replies, strict=True))
    unfair = sum(thin > reply["thin"] for thin, reply in zip(found, replies, strict=True))
    assert unfair <= blamed, "a good reply is called thin"
    assert agreed / len(replies) >= right


# --- each reason


def test_nearly_the_same_again_says_how_alike_and_when() -> None:
    text = "The part is on order with our supplier and we expect it by 5 March."
    found = last(text, text.replace("5", "12"), question="And?")
    assert found.thin
    assert found.reasons[0].says == "Says nearly the same as the update of 3 March (100 % alike)"


def test_asking_once_more_who_has_not_answered_is_fair() -> None:
    text = "Could you send me the serial number of the device, please?"
    assert not last(text, text).thin
    assert last(text, text, question="I sent it to you yesterday!").thin


def test_a_short_word_is_no_copy() -> None:
    assert "near_copy" not in names(last("Done, thanks.", "Done, thanks."))


def test_a_promise_that_has_passed_is_named() -> None:
    updates = (
        said("I will write to you tomorrow by 5 pm.", NOW - 2 * DAY),
        said("There is nothing that I can tell about the cause.", NOW),
    )
    [_, found] = judged(ticket(*updates), COLD)
    says = [lack.says for lack in found.quality.reasons]
    assert "Promised an answer by Tue 3 March 17:00 UTC; that has passed" in says
    kept = judged(ticket(updates[0], said("I have replaced the card.", NOW)), COLD)[-1]
    assert kept.quality == Quality()


@pytest.mark.parametrize(
    "text",
    [
        "If I don't hear from you I will close it tomorrow.",
        "Your subscription ends tomorrow.",
        "Please reply by tomorrow.",
    ],
)
def test_what_is_no_promise_can_not_be_broken(text: str) -> None:
    updates = (said(text, NOW - 3 * DAY), said("The cause is a broken cable in the cellar.", NOW))
    assert "promise_passed" not in names(judged(ticket(*updates), COLD)[-1].quality)


def test_a_promise_counts_as_broken_once() -> None:
    updates = (
        said("I will call you tomorrow.", NOW - 4 * DAY),
        said("The line was busy all day long.", NOW - DAY),
        said("The line was busy, then nobody answered.", NOW),
    )
    found = [names(one.quality) for one in judged(ticket(*updates), COLD)]
    assert ["promise_passed" in one for one in found] == [False, True, False]


def test_questions_left_open_are_counted() -> None:
    question = "Why was I charged twice? Can I keep my number? What does the new contract cost?"
    found = last("x", "You can keep your number.", question=question)
    [lack] = [lack for lack in found.reasons if lack.name == "unanswered"]
    assert lack.says == "Takes up nothing of 2 of the customer's 3 questions"


def test_what_stands_in_many_tickets_says_nothing() -> None:
    class Stock(Silent, frozen=True):
        def boilerplate(self, sentence: str) -> bool:
            return sentence == "Our team values every guest of the house."

    text = "Our team values every guest of the house."
    [plain] = judged(ticket(said(text)), COLD)
    [found] = judged(ticket(said(text)), Stock())
    assert "boilerplate" not in names(plain.quality)
    assert "boilerplate" in names(found.quality)
    assert found.quality.thin


def test_too_short_for_a_long_message() -> None:
    long = " ".join(["The unit in the second room shows an error, and the first one as well."] * 5)
    found = last("x", "The units were old.", question=long)
    assert "too_short" in names(found)
    assert next(one for one in found.reasons if one.name == "too_short").says == (
        "Has 4 words for a message of 75"
    )


def test_a_language_that_is_not_read_is_not_blamed_for_what_it_may_say() -> None:
    text = "Naprawa potrwa do piątku, potem wyślemy urządzenie kurierem."
    assert not last("x", text, question="Kiedy dostanę urządzenie z naprawy?").thin


def test_a_receipt_counts_mildly_and_only_as_the_first_reply() -> None:
    text = "Thank you for contacting us. We will get back to you as soon as possible."
    assert not last(text, question="Where is it?").thin
    assert last("x", text, question="Where is it?").thin
    cut = replace(ticket(said(text), asked=asked("Where is it?")), public_replies=9)
    assert judged(cut, COLD)[0].quality.thin, "others came before those that are kept"


def test_what_closes_a_case_is_never_thin() -> None:
    solved = (Phase(NOW - DAY, Category.OPEN), Phase(NOW + timedelta(minutes=1), Category.SOLVED))
    case = ticket(said(HOLLOW), asked=asked("Where is it?"), phases=solved)
    assert thin(case, COLD) == ()
    later = (solved[0], Phase(NOW + DAY, Category.SOLVED))
    assert len(thin(replace(case, phases=later), COLD)) == 1


def test_an_answer_to_a_thank_you_is_never_thin() -> None:
    assert last("x", "Noted!", question="Thanks, it works now") == Quality()


@pytest.mark.parametrize("text", ["", " ", "...", ">", "-- ", "?!", "Hi,", "\N{THUMBS UP SIGN}"])
def test_whatever_is_written_is_judged(text: str) -> None:
    found = last(HOLLOW, text, question="Why?\n\n> quoted")
    assert 0 <= found.score <= 1
    assert names(found) <= set(WEIGHTS)
    assert [lack.weight for lack in found.reasons] == sorted(
        (lack.weight for lack in found.reasons), reverse=True
    )


def test_no_reason_quotes_anybody() -> None:
    for reply in (*REPLIES["labelled"], *REPLIES["unseen"]):
        for lack in judge(reply).reasons:
            for sentence in (*sentences(reply["text"]), *sentences(reply.get("asked", ""))):
                assert sentence not in lack.says


# --- reading


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Hi Ana,\nit is fixed.\n\nBest regards,\nTom\nSupport", "it is fixed."),
        ("Hello, your refund was sent.", "your refund was sent."),
        ("Sehr geehrte Frau Klee,\nerledigt.\nMit freundlichen Grüßen\nJan", "erledigt."),
        ("Yes.\n\nOn Tue, 3 Mar 2026 Ana wrote:\n> Is it?", "Yes."),
        ("> Is it?\nYes.", "Yes."),
        ("Yes.\n-- \nTom, Acme", "Yes."),
        ("It is done. Kind regards, Tom", "It is done."),
        ("Thanks, that was it.", "Thanks, that was it."),
        ("Hello your parcel was sent today.", "Hello your parcel was sent today."),
    ],
)
def test_greeting_signature_and_quotes_are_left_out(text: str, left: str) -> None:
    assert body(text) == left


def test_dates_do_not_end_sentences() -> None:
    assert sentences("Am 3. März kommt er. Bitte warten Sie! Bis 5 p.m. today.") == (
        "Am 3. März kommt er.",
        "Bitte warten Sie!",
        "Bis 5 p.m. today.",
    )


# --- what is new


def test_only_new_updates_are_told() -> None:
    first, second = said(HOLLOW, NOW - DAY, "a"), said("It is fixed.", NOW, "b")
    before, after = ticket(first), ticket(first, second)
    assert [one.ref for one in new_updates(None, after, COLD)] == ["a", "b"]
    assert [one.ref for one in new_updates(before, after, COLD)] == ["b"]
    assert [one.ref for one in new_thin(None, after, COLD)] == ["a"]
    assert list(new_thin(before, after, COLD)) == []
    [told] = new_updates(before, after, COLD)
    assert (told.ref, told.actor, told.at) == ("b", "7", NOW)


# --- the rule


@pytest.mark.parametrize(
    ("tunables", "why"),
    [
        ({"at_least": 1}, "at_least must be 2 to 5, not 1"),
        ({"at_least": 6}, "at_least must be 2 to 5, not 6"),
        ({"below": 1.5}, "below must lie in 0 to 1"),
    ],
)
def test_tunables_that_make_no_sense_are_refused(tunables: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        ThinUpdate(**tunables)


def found(case: Ticket, **tunables: Any) -> list[Finding]:
    hours = Hours(ZoneInfo("UTC"))
    return list(ThinUpdate(**tunables).check(Moment(case, {}, hours, NOW)))


def run(many: int, *, kept: int = 5) -> Ticket:
    updates = [said(f"{HOLLOW}", NOW - (many - n) * DAY, str(n)) for n in range(many)]
    return ticket(*updates[-kept:])


def test_a_run_is_one_occurrence_until_its_beginning_is_forgotten() -> None:
    told = [found(run(many)) for many in range(1, 8)]
    assert [len(one) for one in told] == [0, 1, 1, 1, 1, 1, 1]
    assert {f.occurrence for [f] in told[4:]} == {"long"}
    case = run(2)
    longer = ticket(*case.updates, said(HOLLOW, NOW, "2"))
    [one], [two] = found(case), found(longer)
    assert one.occurrence == two.occurrence
    assert one.since == two.since
    assert one.level != two.level, "the message is brought up to date"


def test_reasons_are_told_for_each_update() -> None:
    [one] = found(run(2))
    assert [name for name, _ in one.facts] == ["2026-03-02 12:00 UTC", "2026-03-03 12:00 UTC"]
    assert "Names no next step; Names no time" in one.facts[0][1]


def test_the_line_can_be_moved() -> None:
    assert found(run(2), below=0.0) == []
    good = ticket(*(said("It was fixed today.", NOW - n * DAY, str(n)) for n in (2, 1)))
    assert found(good) == []


def test_nobody_is_called_to_a_ticket_that_is_gone() -> None:
    assert found(replace(run(3), gone="deleted")) == []
