"""The rules about customers' words: which texts they look at, and how often they tell of one."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bridge import settings
from bridge.domain import wordless
from bridge.domain.alerts import token
from bridge.domain.example import NOW, ago
from bridge.domain.goals import GOALS, Goal
from bridge.domain.hours import Hours
from bridge.domain.judge import Policy, judge
from bridge.domain.model import (
    Answer,
    Category,
    ConfigError,
    Contact,
    Finding,
    Phase,
    Said,
    Severity,
    Ticket,
)
from bridge.domain.redaction import Redaction
from bridge.domain.rules.grave_words import GraveWords
from bridge.domain.rules.negative_words import NegativeWords
from bridge.domain.rules.wants_contact import WantsContact
from bridge.domain.text import Tone

ANGRY = "Third time I write: rude agents. Call me, or I cancel and see my lawyer."
RULES = (NegativeWords(), GraveWords(), WantsContact())
every_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)


class Doubtful:
    """Finds everything as negative as it is told."""

    name, line = "doubtful", 0.7

    def __init__(self, negative: float) -> None:
        self.negative = negative

    def tone(self, text: str) -> Tone:
        return Tone(self.negative, (text.split(maxsplit=1)[0],))

    def boilerplate(self, sentence: str) -> bool:
        return False


def found(rule: Any, words: Any = None, **ticket: Any) -> tuple[Finding, ...]:
    goals = tuple(Goal(name=name, targets={}) for name in GOALS)
    policy = Policy(rules=(rule,), goals=goals, hours=Hours(ZoneInfo("UTC")))
    if words is not None:
        policy = Policy(rules=(rule,), goals=goals, hours=policy.hours, words=words)
    case = Ticket(id="zendesk:1", as_of=(NOW, 0, ""), whole=True, **ticket)
    return judge(case, policy, NOW).findings


def said(*texts: str) -> tuple[Said, ...]:
    return tuple(Said(ago(hours=9 - n), "17", f"{n}", text) for n, text in enumerate(texts))


@every_rule
def test_a_verbatim_brings_its_words_contact_and_recording(rule: Any) -> None:
    contact = Contact(phone="+15005550006")
    answer = Answer(id="a", words=ANGRY, contact=contact, recording="https://calls.example/1")
    [one] = found(rule, answers=(answer,))
    assert (one.about, one.words, one.contact, one.recording) == (
        "a",
        ANGRY,
        contact,
        "https://calls.example/1",
    )


@every_rule
def test_each_comment_is_told_of_once_under_its_own_name(rule: Any) -> None:
    alone = found(rule, messages=said(ANGRY))
    both = found(rule, messages=said(ANGRY, "Thank you, all is well", ANGRY + " Now!"))
    assert [one.about for one in both] == ["message:0", "message:2"]
    assert token(alone[0]) == token(both[0])
    assert both[0].since == ago(hours=9)
    assert both[0].words == ANGRY
    assert both[0].level == ""


@every_rule
@pytest.mark.parametrize(
    "over", [{"gone": "spam"}, {"phases": (Phase(NOW, Category.SOLVED),)}], ids=["gone", "solved"]
)
def test_a_comment_counts_while_the_ticket_lives_and_an_answer_always(rule: Any, over: Any) -> None:
    assert found(rule, messages=said(ANGRY), **over) == ()
    assert found(rule, answers=(Answer(id="a", words=ANGRY),), **over)


@every_rule
def test_every_one_begins_in_shadow(rule: Any) -> None:
    assert rule.begins_in_shadow


def test_what_judges_says_from_where_on_a_text_is_negative_unless_the_rule_does() -> None:
    answers = (Answer(id="a", words="one two three"),)
    assert found(NegativeWords(), Doubtful(0.69), answers=answers) == ()
    assert found(NegativeWords(), Doubtful(0.7), answers=answers)
    assert found(NegativeWords(at_or_above=0.5), Doubtful(0.69), answers=answers)
    [one] = found(NegativeWords(), Doubtful(0.9), answers=answers)
    assert one.facts == (("Weighed most", "one"),)


def test_comments_have_a_severity_of_their_own() -> None:
    ticket = {"messages": said(ANGRY), "answers": (Answer(id="a", words=ANGRY),)}
    levels = [one.severity for one in found(NegativeWords(), **ticket)]
    assert levels == [Severity.HIGH, Severity.WARNING]
    assert len(found(NegativeWords(on_comments=None), **ticket)) == 1


def test_a_text_of_two_words_is_too_short_to_be_judged() -> None:
    assert (
        found(NegativeWords(), Doubtful(1), answers=(Answer(id="a", words="Awful, awful!"),)) == ()
    )
    assert found(
        NegativeWords(min_words=2), Doubtful(1), answers=(Answer(id="a", words="Awful, awful!"),)
    )


def test_a_finding_names_the_words_that_were_found() -> None:
    [one] = found(GraveWords(), answers=(Answer(id="a", words=ANGRY),))
    assert one.headline == "The customer uses grave words: cancel, lawyer"


def test_the_lists_can_be_replaced_added_to_and_thinned_out_in_the_configuration() -> None:
    told = """
        [rules.grave_words]
        languages = ["en", "de"]
        en = ["leave*"]
        also = ["acme"]
        never = ["Anwalt"]
    """
    [rule] = [one for one in settings.parse(told, {}).rules if isinstance(one, GraveWords)]
    words = "leaves acme cancel anwalt beschwerde remboursement"
    [one] = found(rule, answers=(Answer(id="a", words=words),))
    assert one.headline == "The customer uses grave words: leaves, acme, beschwerde"


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ('[rules.grave_words]\nlanguages = ["xx"]', "languages are en, de"),
        ('[rules.wants_contact]\nalso = ["?!"]', "is no word"),
        ("[rules.negative_words]\nat_or_above = 1.5", "must lie in 0 to 1"),
        ("[rules.negative_words]\nmin_words = 0", "must be 1 or more"),
    ],
)
def test_a_wrong_tunable_is_refused(table: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        settings.parse(table, {})


def test_where_words_are_hidden_or_forgotten_those_that_weighed_most_are_too() -> None:
    [one] = found(NegativeWords(), messages=said(ANGRY))
    assert one.facts
    for bare in (wordless.finding(one), Redaction(words=True).finding(one)):
        assert (bare.facts, bare.words) == ((), "")
    assert Redaction(names=True).finding(one).facts == one.facts
