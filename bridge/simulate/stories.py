"""The stories that tickets live. Each schedules what people do, and says beforehand which rules must find something."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bridge.simulate.cases import ANGRY, HAPPY, Case, Day, Plan, answer, zendesk

Story = Callable[[Day, datetime], None]

# --- all goes well, sometimes nearly not


def calm(day: Day, opened: datetime) -> None:
    """Answered in time, solved, and often praised."""
    case = Case(day, opened)
    first = day.between(5, 170)
    case.hand(first / 2, agent=case.agent)
    case.answer(first)
    case.ask(first + 15, "Thanks, here is the screenshot.")
    case.whisper(first + 20)
    done = first + 15 + day.between(10, 170)
    case.solve(done)
    if case.desk is day.jira:
        if day.random.random() < 0.4:
            case.at(done + 20, lambda: day.jira.desk.rate(case.key, 5, "Sorted in minutes."))
    elif day.random.random() < 0.5:
        source = day.random.choice(("typeform", "simplesat", "qualtrics"))
        case.rate(done + 20, source, day.random.choice((4, 5)), day.random.choice(HAPPY))
    elif day.random.random() < 0.4:
        case.at(done + 20, lambda: zendesk(day).rate(int(case.key), "good"))
    elif day.random.random() < 0.4:
        case.call(done + 20, rating="5", resolved="1")


def patient(day: Day, opened: datetime) -> None:
    """Waits for the customer all day, which pauses the clocks."""
    case = Case(day, opened)
    case.answer(20, "Could you send me the order number?")
    case.wait(21)


def in_the_nick_of_time(day: Day, opened: datetime) -> None:
    """Answered just before the warning."""
    case = Case(day, opened)
    case.answer(179)
    case.solve(185)


def back_once(day: Day, opened: datetime) -> None:
    """Reopened once, by a customer who has one more question."""
    case = Case(day, opened)
    case.answer(10)
    case.solve(30)
    case.ask(60, "One more question…")
    case.solve(100)


def moved_once(day: Day, opened: datetime) -> None:
    """Handed to the right team, once."""
    case = Case(day, opened, team="Support")
    case.hand(10, team="Billing")
    case.agent = case.an_agent("Billing")
    case.hand(12, agent=case.agent)
    case.answer(40)
    case.solve(90)


def hangs_up(day: Day, opened: datetime) -> None:
    """Handed to the survey after a call, and gone before the first key."""
    case = Case(day, opened, day.zendesk)
    case.answer(10)
    case.solve(30)
    case.call(50)


# --- something goes wrong


def nearly_late(day: Day, opened: datetime) -> None:
    case = Case(day, opened)
    case.expect("first_response", ends=True)
    case.answer(day.between(182, 236))
    case.solve(300)


def late_first_answer(day: Day, opened: datetime) -> None:
    case = Case(day, opened)
    case.expect("first_response", ends=True)
    case.whisper(100)
    case.answer(day.between(250, 330))


def never_answered(day: Day, opened: datetime) -> None:
    case = Case(day, opened)
    case.expect("first_response", ends=False)
    case.whisper(30)


def urgent_and_late(day: Day, opened: datetime) -> None:
    case = Case(day, opened, urgency="urgent")
    case.expect("first_response", ends=True)
    case.answer(day.between(65, 100))
    case.solve(200)


def silent_after_question(day: Day, opened: datetime) -> None:
    case = Case(day, opened)
    case.expect("next_reply", ends=True)
    case.answer(15)
    case.ask(30)
    case.ask(90, "Hello?")
    case.answer(30 + day.between(185, 330))


def no_update(day: Day, opened: datetime) -> None:
    case = Case(day, opened, urgency="high")
    case.expect("stale_update", ends=True)
    case.answer(10)
    case.whisper(60)
    case.whisper(200)
    case.answer(10 + day.between(305, 330), "Still on it.")


def takes_too_long(day: Day, opened: datetime) -> None:
    case = Case(day, opened, urgency="urgent")
    case.expect("resolution_time", ends=True)
    for minute in (10, 90, 180, 270, 350):
        case.answer(minute, "We are still working on it.")
    case.solve(day.between(365, 390))


def handed_around(day: Day, opened: datetime) -> None:
    case = Case(day, opened, team="Support")
    case.expect("handoffs", ends=True)
    case.plan.team = "Technical"  # who has it when it is told
    one, two = day.random.sample((1, 2, 3), 2)
    case.hand(5, agent=case.an_agent("Support", one))
    case.answer(10)
    case.hand(20, agent=case.an_agent("Support", two))
    case.hand(40, team="Billing")
    case.hand(45, agent=case.an_agent("Billing", 1))
    case.hand(70, team="Technical")
    case.solve(150)


def back_and_forth(day: Day, opened: datetime) -> None:
    case = Case(day, opened, team="Technical")
    case.expect("ping_pong", ends=True)
    case.answer(10)
    case.hand(20, team="Billing")
    case.hand(50, team="Technical")
    case.solve(120)


def comes_back_again(day: Day, opened: datetime) -> None:
    case = Case(day, opened)
    case.expect("reopened", ends=True)
    case.answer(10)
    case.solve(20)
    case.ask(40, "It is still broken.")
    case.solve(60)
    case.ask(80, "Sorry, but it is still the same.")
    case.solve(140)


# --- somebody says so


def threatens_to_leave(day: Day, opened: datetime) -> None:
    """Says in a comment what no manager wants to read later."""
    case = Case(day, opened)
    case.expect("grave_words", ends=True)
    case.answer(10)
    case.ask(25, "If this is not fixed today we cancel the contract, and our lawyer will write.")
    case.answer(45, "I have brought in my manager, and you hear from us by 3 pm.")
    case.solve(100)


def asks_for_the_manager(day: Day, opened: datetime) -> None:
    case = Case(day, opened)
    case.expect("wants_contact", ends=True)
    case.answer(10)
    case.ask(25, "This is no use. Please call me, I want to speak to a manager.")
    case.answer(45, "My manager calls you within the hour.")
    case.solve(100)


def _solved(day: Day, opened: datetime, *, jira: bool = False, customer: str = "") -> Case:
    """A case that was solved after an hour, about which its customer has something to say."""
    case = Case(day, opened, day.jira if jira else day.zendesk, customer=customer)
    case.expect("low_score", ends=False)
    case.answer(20)
    case.solve(60)
    return case


def bad_form(day: Day, opened: datetime) -> None:
    case = _solved(day, opened)
    case.rate(90, "typeform", day.random.choice((1, 2)), day.random.choice(ANGRY))


def bad_form_by_email(day: Day, opened: datetime) -> None:
    """The form names no ticket: the customer's newest one is meant."""
    name = f"Guest {len(day.script)} {day.random.randrange(10**6)}"
    zendesk(day).add_customer(name, f"guest.{day.random.randrange(10**9)}@example.net")
    case = _solved(day, opened, customer=name)
    case.rate(90, "typeform", 1, day.random.choice(ANGRY), by_email=True)


def bad_stars(day: Day, opened: datetime) -> None:
    case = _solved(day, opened)
    case.rate(90, "simplesat", day.random.choice((1, 2)), day.random.choice(ANGRY))


def bad_answer_by_id(day: Day, opened: datetime) -> None:
    """The tool says only that there is an answer: it is fetched."""
    jira = day.random.random() < 0.5
    case = _solved(day, opened, jira=jira)
    words = day.random.choice(ANGRY)
    case.rate(90, "surveymonkey" if jira else "qualtrics", day.random.choice((1, 2)), words)


def detractor(day: Day, opened: datetime) -> None:
    """0 to 10, and never again."""
    case = _solved(day, opened, jira=True)
    case.rate(90, "delighted", day.random.choice((0, 2, 5)), day.random.choice(ANGRY))


def not_nicely(day: Day, opened: datetime) -> None:
    case = _solved(day, opened)
    case.rate(90, "asknicely", day.random.choice((0, 1, 4)), day.random.choice(ANGRY))


def red_light(day: Day, opened: datetime) -> None:
    case = _solved(day, opened, jira=True)
    case.colour(90, "Red Light", day.random.choice(ANGRY))


def thumbs_down(day: Day, opened: datetime) -> None:
    """Zendesk's own satisfaction, told by a trigger: the words are fetched. The poll finds it as well."""
    case = _solved(day, opened)
    words = day.random.choice(ANGRY)
    case.at(90, lambda: zendesk(day).rate(int(case.key), "bad", words))


def one_star(day: Day, opened: datetime) -> None:
    """Jira's own satisfaction, of which no webhook tells: it is polled."""
    case = _solved(day, opened, jira=True)
    words = day.random.choice(ANGRY)
    case.at(90, lambda: day.jira.desk.rate(case.key, 1, words))


def presses_one(day: Day, opened: datetime) -> None:
    """After a call: the rating rings at once, the words come later."""
    case = _solved(day, opened)
    case.plan.rules = frozenset({"low_score", "not_resolved"})
    case.call(90, rating="1", resolved="2", words=day.random.choice(ANGRY))


def score_then_words(day: Day, opened: datetime) -> None:
    """The score comes first, the words ten minutes later: one alert."""
    case = _solved(day, opened)
    day.numbers += 1
    number = day.numbers
    case.survey(90, number, stars=1)
    case.survey(100, number, stars=1, why=day.random.choice(ANGRY))


def still_broken(day: Day, opened: datetime) -> None:
    """A middling score, but the problem is not resolved."""
    case = _solved(day, opened)
    case.expect("not_resolved", ends=False)
    day.numbers += 1
    case.survey(90, day.numbers, stars="3", solved="no", why="It came back the next day.")


def bad_form_on_closed(day: Day, opened: datetime) -> None:
    """A closed ticket can't be written to: Slack says so."""
    case = _solved(day, opened)
    case.expect("low_score", ends=False, note=False)
    case.at(70, lambda: day.zendesk.close(case.key))
    case.rate(90, "typeform", 2, day.random.choice(ANGRY))


def stranger(day: Day, opened: datetime) -> None:
    """Somebody without any ticket."""
    email = f"stranger.{day.random.randrange(10**9)}@example.net"
    day.plans[email] = Plan(frozenset({"low_score"}), team="Support", note=False)

    def send() -> None:
        words = day.random.choice(ANGRY)
        key = answer(day, "typeform", score=1, words=words, email=email, name="A stranger")
        day.sent("typeform", key, email)

    day.at(opened, 0, send)


STORIES: tuple[tuple[Story, int, float, float], ...] = (
    # story, how many, opened between these minutes after 08:00
    (calm, 120, 5, 240),
    (patient, 12, 5, 400),
    (in_the_nick_of_time, 10, 5, 200),
    (back_once, 8, 5, 300),
    (moved_once, 8, 5, 300),
    (hangs_up, 2, 5, 300),
    (nearly_late, 5, 5, 200),
    (late_first_answer, 4, 5, 180),
    (never_answered, 3, 5, 250),
    (urgent_and_late, 3, 5, 240),
    (silent_after_question, 4, 5, 150),
    (no_update, 3, 5, 150),
    (takes_too_long, 2, 5, 60),
    (handed_around, 4, 5, 300),
    (back_and_forth, 4, 5, 300),
    (comes_back_again, 4, 5, 300),
    (threatens_to_leave, 2, 5, 300),
    (asks_for_the_manager, 2, 5, 300),
    (bad_form, 3, 5, 300),
    (bad_form_by_email, 2, 5, 300),
    (bad_stars, 2, 5, 300),
    (bad_answer_by_id, 4, 5, 300),
    (detractor, 2, 5, 300),
    (not_nicely, 2, 5, 300),
    (red_light, 2, 5, 300),
    (thumbs_down, 3, 5, 300),
    (one_star, 3, 5, 300),
    (presses_one, 3, 5, 300),
    (score_then_words, 3, 5, 300),
    (still_broken, 3, 5, 300),
    (bad_form_on_closed, 2, 5, 300),
    (stranger, 2, 60, 500),
)
