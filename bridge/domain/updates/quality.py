"""How much an update tells a customer, and what it lacks, in sentences that its author would accept as fair. Pure.

Each lack takes something off a score that begins at 1: see `WEIGHTS`. They are set by what a customer is left with,
not fitted to examples: to hear nothing but phrases, or nearly the same again, is to be told nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo
from functools import lru_cache

from msgspec import Struct
from rapidfuzz import fuzz

from bridge.domain.model import Said
from bridge.domain.updates import phrases
from bridge.domain.updates.questions import questions, taken_up
from bridge.domain.updates.reading import CACHED, body, known, many_words, normalised, sentences
from bridge.domain.updates.times import Named, day_in_words, named

LINE = 0.5
"""Below this score an update is thin."""

WEIGHTS = {
    "near_copy": 0.6,
    "promise_passed": 0.35,
    "boilerplate": 0.35,
    "unanswered": 0.35,
    "no_next_step": 0.3,
    "too_short": 0.25,
    "no_time": 0.15,
}
"""What each lack takes off, by its name."""

MILD = 0.45
"""A receipt as the first reply never loses more than this share of what it lacks: it is not meant to say much."""

COPY = 90
"""From so alike on (per cent, `rapidfuzz.fuzz.ratio` on normalised text), an update is nearly the same as another."""

COPY_WORDS = 4
"""Shorter ones are alike by chance: "Done, thanks"."""

SHORT_OF = 0.15
"""A reply with fewer than this share of the customer's words is too short, within the two bounds below."""
SHORTEST, ENOUGH = 4, 25


class Lack(Struct, frozen=True):
    """What an update lacks: a name of `WEIGHTS`, what it takes off, and a sentence for its author."""

    name: str
    weight: float
    says: str


class Quality(Struct, frozen=True):
    """How good the substance of an update is, in 0..1 (1 is good), and what it lacks, the gravest first."""

    score: float = 1.0
    reasons: tuple[Lack, ...] = ()

    @property
    def thin(self) -> bool:
        return self.score < LINE

    @property
    def note(self) -> str:
        """The name of the gravest lack; "" for none."""
        return self.reasons[0].name if self.reasons else ""


GOOD = Quality()


class Setting(Struct, frozen=True):
    """What an update is judged against: earlier updates, what the customer wrote since the last of them, the author's
    time zone, and which of its sentences stand in many tickets. `first`: it is the first reply."""

    earlier: tuple[Said, ...]
    asked: tuple[str, ...]
    first: bool
    zone: tzinfo
    stock: frozenset[str] = frozenset()


class _Read(Struct, frozen=True):
    """What an update says, read once: its sentences, those that say something of this case, and what they do."""

    all: tuple[str, ...]
    telling: tuple[str, ...]
    time: Named | None
    step: bool
    asks: bool
    settles: bool


@lru_cache(CACHED // 2)  # each holds some ten texts
def quality(update: Said, setting: Setting) -> Quality:
    """Judge an update. What is said to a customer who only said thanks is always good."""
    if setting.asked and all(phrases.contented(body(one)) for one in setting.asked):
        return GOOD
    read = _read(update, setting)
    found = sorted(_lacks(update, setting, read), key=lambda lack: -lack.weight)
    lost = min(1.0, sum(lack.weight for lack in found))
    if setting.first and phrases.receipt(update.text):
        lost *= MILD
    return Quality(round(1.0 - lost, 2), tuple(found))


def promised(update: Said, zone: tzinfo) -> Named | None:
    """By when we undertook something in an update; None for no such promise. What depends on an "if" is none."""
    found = [
        time
        for one in sentences(update.text)
        if phrases.commits(one) and not phrases.conditional(one)
        if (time := named(one, update.at, zone))
    ]
    return max(found, key=lambda time: time.due, default=None)


def _read(update: Said, setting: Setting) -> _Read:
    every = sentences(update.text)
    times = {one: named(one, update.at, setting.zone) for one in every}
    telling = tuple(
        one
        for one in every
        if times[one] or phrases.settles(one) or not (phrases.hollow(one) or one in setting.stock)
    )
    return _Read(
        every,
        telling,
        max((time for time in times.values() if time), key=lambda time: time.due, default=None),
        step=any(phrases.commits(one) or phrases.asks(one) or times[one] for one in telling),
        asks=any(phrases.asks(one) for one in telling),
        settles=any(phrases.settles(one) for one in telling),
    )


def _lacks(update: Said, setting: Setting, read: _Read) -> Iterator[Lack]:
    silent = not setting.asked
    if copy := _copied(update, setting):
        nudge = silent and read.asks  # to ask once more whoever has not answered is no fault
        yield _lack("near_copy", copy, 1 / 3 if nudge else 1)
    if not (read.settles or read.asks) and (broken := _broken(update, setting)):
        yield _lack("promise_passed", f"Promised an answer by {broken}; that has passed")
    empty = len(read.all) - len(read.telling)
    if empty and empty * 2 > len(read.all):
        share = empty / len(read.all)
        yield _lack("boilerplate", "Made of sentences that would fit any case", share)
    asked = [question for one in setting.asked for question in questions(one)]
    open_ = [q for q in asked if not taken_up(q, read.telling, timed=read.time is not None)]
    stepping = read.step or read.settles
    readable = bool(empty) or any(map(known, (update.text, *setting.asked)))
    if readable and open_ and not (len(asked) == 1 and stepping):
        of = f"{len(open_)} of the customer's {len(asked)} questions"
        says = "the customer's question" if len(asked) == 1 else of
        mildly = stepping or len(open_) < len(asked)
        yield _lack("unanswered", f"Takes up nothing of {says}", 4 / 7 if mildly else 1)
    answers = bool(asked) and not open_ and bool(read.telling)
    if readable and not (read.settles or answers):
        if not read.step:
            yield _lack("no_next_step", "Names no next step")
        if read.time is None and not read.asks:
            yield _lack("no_time", "Names no time")
    written = many_words(body(update.text))
    need = _needed(setting)
    if written < need and not read.settles:
        yield _lack("too_short", f"Has {written} words for a message of {_asked_words(setting)}")


def _lack(name: str, says: str, share: float = 1.0) -> Lack:
    return Lack(name, round(WEIGHTS[name] * share, 2), says)


def _copied(update: Said, setting: Setting) -> str:
    """Which earlier update it nearly repeats; "" for none."""
    mine = normalised(update.text)
    if mine.count(" ") + 1 < COPY_WORDS:
        return ""
    best, which = 0.0, update
    for one in setting.earlier:
        alike = fuzz.ratio(mine, normalised(one.text), score_cutoff=COPY)
        if alike >= best:
            best, which = alike, one
    if not best:
        return ""
    day = day_in_words(which.at.astimezone(setting.zone))
    return f"Says nearly the same as the update of {day} ({best:.0f} % alike)"


def _broken(update: Said, setting: Setting) -> Named | None:
    """The latest promise that passed between the last update and this one."""
    if not setting.earlier:
        return None
    heard = setting.earlier[-1].at
    due = [
        time
        for one in setting.earlier
        if (time := promised(one, setting.zone)) and heard < time.due < update.at
    ]
    return max(due, key=lambda time: time.due, default=None)


def _asked_words(setting: Setting) -> int:
    return sum(many_words(body(one)) for one in setting.asked)


def _needed(setting: Setting) -> float:
    """So many words at least."""
    asked = _asked_words(setting)
    return min(max(SHORT_OF * asked, SHORTEST), ENOUGH) if asked else 0
