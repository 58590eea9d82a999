"""Somebody calls and follows what they are told; messages are taken, refused and found again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from werkzeug.wrappers import Request, Response

from bridge.domain.model import Rated
from bridge.domain.ticket import fold
from bridge.sandbox import Sandbox
from bridge.sandbox.serve import Server
from connectors import Incoming
from connectors.calls.twilio import Twilio as TwilioSource

from .conftest import Clock

TOKEN = "auth-token"
ADA = "+15005550006"


@dataclass
class Survey:
    """Somebody's TwiML, by the question that was answered; keeps what came."""

    url: str = ""
    twiml: dict[str, str] = field(default_factory=dict)
    refuses: dict[str, int] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, str], dict[str, str]]] = field(default_factory=list)

    def __call__(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        sent = request.form.to_dict()
        self.calls.append((request.url, sent, dict(request.headers)))
        step = request.args.get("then") or request.args.get("ask", "")
        twiml, status = self.twiml.get(step, ""), self.refuses.get(step, 200)
        body = f"<Response>{twiml}</Response>" if status == 200 else ""
        return Response(body, status, content_type="text/xml")(environ, start_response)

    @property
    def asked(self) -> list[str]:
        return [dict(parse_qsl(urlsplit(url).query)).get("ask", "") for url, _, _ in self.calls]


def question(name: str, words: str = "?", then: str = "") -> str:
    url = f"/in?ask={name}&amp;then={then}"
    return (
        f'<Gather numDigits="1" action="{url}"><Say>{words}</Say></Gather>'
        f'<Redirect method="POST">{url}</Redirect>'
    )


RECORD = (
    '<Say>Why?</Say><Record action="/in?ask=why" transcribe="true"'
    ' recordingStatusCallback="/in?ask=recording" transcribeCallback="/in?ask=words"/>'
    "<Say>Nothing?</Say><Hangup/>"
)


@pytest.fixture
def survey() -> Iterator[Survey]:
    survey = Survey()
    server = Server(survey)
    server.start()
    survey.url = f"{server.url}/in"
    survey.twiml = {
        "": question("rating", "How was it?"),
        "rating": question("resolved", "Solved?"),
        "resolved": RECORD,
        "why": "<Say>Thank you.</Say><Hangup/>",
    }
    yield survey
    server.stop()


def settle(sandbox: Sandbox) -> None:
    assert sandbox.courier.wait_idle(5)


class TestCalls:
    def test_a_caller_answers_to_the_end(
        self, sandbox: Sandbox, survey: Survey, clock: Clock
    ) -> None:
        call = sandbox.twilio.call(
            f"{survey.url}?ticket=7",
            TOKEN,
            digits={"rating": "1", "resolved": "2"},
            words="Nobody called",
            phone=ADA,
        )
        settle(sandbox)
        assert call.said == ["How was it?", "Solved?", "Why?", "Thank you."]
        assert call.pressed == [("rating", "1"), ("resolved", "2")]
        assert call.over == "said goodbye"
        assert sorted(survey.asked) == ["", "rating", "recording", "resolved", "why"]
        assert call.sid in sandbox.twilio.sent_at
        assert sandbox.courier.next_due() == clock() + timedelta(minutes=2)
        clock.forward(minutes=2)
        sandbox.courier.run_due()
        settle(sandbox)
        assert survey.asked[-1] == "words"
        sent = survey.calls[-1][1]
        assert (sent["TranscriptionText"], sent["From"]) == ("Nobody called", ADA)
        assert sent["RecordingUrl"] == call.recordings[0]

    def test_every_request_is_signed_over_the_whole_address(
        self, sandbox: Sandbox, survey: Survey
    ) -> None:
        sandbox.twilio.call(f"{survey.url}?ticket=7", TOKEN, digits={"rating": "1"}, words="Oh")
        settle(sandbox)
        assert len(survey.calls) > 3
        for url, sent, headers in survey.calls:
            given = headers["X-Twilio-Signature"]
            assert RequestValidator(TOKEN).validate(url, sent, given)
            assert not RequestValidator("another").validate(url, sent, given)
        assert len({headers["I-Twilio-Idempotency-Token"] for *_, headers in survey.calls}) == len(
            survey.calls
        )

    def test_keys_are_pressed_one_after_the_other_and_a_space_is_none(
        self, sandbox: Sandbox, survey: Survey
    ) -> None:
        survey.twiml |= {
            "": question("rating", then="second"),
            "second": question("rating", then="third"),
            "third": question("rating", then="why"),
        }
        call = sandbox.twilio.call(survey.url, TOKEN, digits={"rating": "9 1"})
        settle(sandbox)
        assert call.pressed == [("rating", "9"), ("rating", "1")]
        assert [sent.get("Digits") for _, sent, _ in survey.calls] == [None, "9", None, "1"]

    def test_of_silence_there_is_no_recording(self, sandbox: Sandbox, survey: Survey) -> None:
        call = sandbox.twilio.call(survey.url, TOKEN, digits={"rating": "5", "resolved": "1"})
        settle(sandbox)
        assert call.said[-1] == "Nothing?"
        assert call.recordings == []
        assert survey.asked == ["", "rating", "resolved"]

    def test_a_caller_who_hangs_up_is_not_heard_of_again(
        self, sandbox: Sandbox, survey: Survey
    ) -> None:
        call = sandbox.twilio.call(
            survey.url, TOKEN, digits={"rating": "1"}, words="x", hangs_up_at="resolved"
        )
        settle(sandbox)
        assert call.over == "hung up"
        assert survey.asked == ["", "rating"]

    @pytest.mark.parametrize(("status", "words"), [(500, "500"), (404, "404"), (200, "parse")])
    def test_a_door_that_fails_ends_the_call(
        self, sandbox: Sandbox, survey: Survey, status: int, words: str
    ) -> None:
        survey.refuses = {"": status}
        survey.twiml = {"": "<oh"}
        call = sandbox.twilio.call(survey.url, TOKEN)
        settle(sandbox)
        assert "an application error has occurred" in call.over
        assert words in call.over
        assert len(survey.calls) == 1

    def test_a_request_that_comes_twice_is_one_step_of_the_call(
        self, sandbox: Sandbox, survey: Survey
    ) -> None:
        sandbox.courier.mangle = lambda shipment: [shipment, replace(shipment, lane="copy")]
        call = sandbox.twilio.call(survey.url, TOKEN, digits={"rating": "1", "resolved": "1"})
        settle(sandbox)
        assert call.pressed == [("rating", "1"), ("resolved", "1")]
        assert call.over == "said goodbye"

    def test_what_comes_beside_the_call_is_tried_again(
        self, sandbox: Sandbox, survey: Survey, clock: Clock
    ) -> None:
        survey.twiml[""] = (
            '<Record action="/in?ask=why" recordingStatusCallback="/in?ask=recording"/>'
        )
        survey.refuses = {"recording": 503}
        call = sandbox.twilio.call(survey.url, TOKEN, words="Oh")
        settle(sandbox)
        assert call.over == "said goodbye"
        assert survey.asked.count("recording") == 1
        clock.forward(minutes=1)
        sandbox.courier.run_due()
        settle(sandbox)
        assert survey.asked.count("recording") == 2
        survey.refuses = {"recording": 400}
        clock.forward(minutes=1)
        sandbox.courier.run_due()
        settle(sandbox)
        assert survey.asked.count("recording") == 3
        assert sandbox.courier.next_due() is None


@pytest.fixture
def client(sandbox: Sandbox) -> Client:
    return Client(
        sandbox.twilio.account,
        sandbox.twilio.token,
        http_client=ToSandbox(sandbox.twilio_url),
    )


class ToSandbox(TwilioHttpClient):  # type: ignore[misc]
    """Carries calls to https://api.twilio.com to a base URL."""

    def __init__(self, base: str) -> None:
        super().__init__(timeout=5)
        self._base = base

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        return super().request(
            method, url.replace("https://api.twilio.com", self._base), *args, **kwargs
        )


class TestMessages:
    def send(self, client: Client, **more: str) -> Any:
        wanted = {"to": ADA, "from_": "+15005550001", "body": "Ticket 7 needs you"}
        return client.messages.create(**(wanted | more))

    def test_a_message_is_queued_and_arrives(self, sandbox: Sandbox, client: Client) -> None:
        sent = self.send(client)
        assert sent.status == "queued"
        [message] = sandbox.twilio.inbox(ADA)
        assert (message.sid, message.body) == (sent.sid, "Ticket 7 needs you")
        assert client.messages(sent.sid).fetch().status == "delivered"

    def test_a_lost_answer_is_found_by_number_and_day(
        self, sandbox: Sandbox, client: Client, clock: Clock
    ) -> None:
        first = self.send(client)
        self.send(client, to="+15005550007")
        clock.forward(days=1)
        second = self.send(client)
        assert [one.sid for one in client.messages.list(to=ADA)] == [second.sid, first.sid]
        assert [one.sid for one in client.messages.list(to=ADA, date_sent=clock().date())] == [
            second.sid
        ]
        assert [one.sid for one in client.messages.list(date_sent_before=clock().date())][-1:] == [
            first.sid
        ]
        assert [one.sid for one in client.messages.list(to=ADA, page_size=1)] == [
            second.sid,
            first.sid,
        ]

    @pytest.mark.parametrize(
        ("more", "status", "code"),
        [
            ({"to": "5550006"}, 400, 21211),
            ({"to": ""}, 400, 21604),
            ({"from_": "+15005550099"}, 400, 21606),
            ({"from_": ""}, 400, 21603),
            ({"body": ""}, 400, 21602),
            ({"body": "x" * 1601}, 400, 21617),
            ({"to": "+15005550008"}, 400, 21610),
        ],
    )
    def test_what_is_refused(
        self, sandbox: Sandbox, client: Client, more: dict[str, str], status: int, code: int
    ) -> None:
        sandbox.twilio.stop("+15005550008")
        with pytest.raises(TwilioRestException) as error:
            self.send(client, **more)
        assert (error.value.status, error.value.code) == (status, code)
        assert sandbox.twilio.messages == []

    def test_start_takes_back_stop(self, sandbox: Sandbox, client: Client) -> None:
        sandbox.twilio.stop(ADA)
        sandbox.twilio.start(ADA)
        self.send(client)
        assert len(sandbox.twilio.inbox(ADA)) == 1

    @pytest.mark.parametrize("login", [None, ("AC0", "x"), ("", "")])
    def test_without_the_right_login_there_is_nothing(self, sandbox: Sandbox, login: Any) -> None:
        url = f"{sandbox.twilio_url}/2010-04-01/Accounts/{sandbox.twilio.account}/Messages.json"
        answer = requests.get(url, auth=login, timeout=5)
        assert answer.status_code == 401
        assert answer.json()["code"] == 20003

    def test_another_account_is_not_there(self, sandbox: Sandbox) -> None:
        login = (sandbox.twilio.account, sandbox.twilio.token)
        url = f"{sandbox.twilio_url}/2010-04-01/Accounts/AC0/Messages.json"
        assert requests.get(url, auth=login, timeout=5).json()["code"] == 20404

    @pytest.mark.parametrize("reachable", [True, False])
    def test_what_became_of_it_is_told_in_signed_requests(
        self, sandbox: Sandbox, client: Client, survey: Survey, reachable: bool
    ) -> None:
        if not reachable:
            sandbox.twilio.unreachable[ADA] = 30003
        sent = self.send(client, status_callback=survey.url)
        settle(sandbox)
        told = [(form["MessageStatus"], form.get("ErrorCode")) for _, form, _ in survey.calls]
        assert told == [
            ("sent", None),
            ("delivered", None) if reachable else ("undelivered", "30003"),
        ]
        for url, form, headers in survey.calls:
            assert form["MessageSid"] == sent.sid
            given = headers["X-Twilio-Signature"]
            assert RequestValidator(sandbox.twilio.token).validate(url, form, given)
        assert bool(sandbox.twilio.inbox(ADA)) is reachable


@dataclass
class Door:
    """Our own source behind HTTP: verified, answered and read, as the web application does."""

    source: TwilioSource
    now: Clock
    url: str = ""
    events: list[Rated] = field(default_factory=list)

    def __call__(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        incoming = Incoming(
            method=request.method,
            url=request.url,
            headers={name.lower(): text for name, text in request.headers.items()},
            body=request.get_data(),
            received_at=self.now(),
        )
        self.source.verify(incoming, [TOKEN])
        self.events += [one for one in self.source.read(incoming) if isinstance(one, Rated)]
        answer = self.source.answer(incoming)
        body, kind = (answer.body, answer.type) if answer else ("", "text/plain")
        return Response(body, 200, content_type=kind)(environ, start_response)


@pytest.fixture
def door(clock: Clock) -> Iterator[Door]:
    door = Door(TwilioSource(name="phone", desk="zendesk"), clock)
    server = Server(door)
    server.start()
    door.url = f"{server.url}/hooks/phone"
    yield door
    server.stop()


class TestOurSurvey:
    def test_is_followed_to_the_end(self, sandbox: Sandbox, door: Door, clock: Clock) -> None:
        call = sandbox.twilio.call(
            f"{door.url}?ticket=4711",
            TOKEN,
            digits={"rating": "91", "resolved": "2"},
            words="Nobody called",
            phone=ADA,
        )
        settle(sandbox)
        assert call.over == "said goodbye"
        assert call.said[-1] == "Thank you. Goodbye."
        clock.forward(minutes=2)
        sandbox.courier.run_due()
        settle(sandbox)
        assert {event.subject for event in door.events} == {"zendesk:4711"}
        ticket = None
        for event in sorted(door.events, key=lambda event: event.order):
            ticket = fold(ticket, event)
        assert ticket is not None
        [answer] = ticket.answers
        assert (answer.score, answer.resolved, answer.words) == (0.0, False, "Nobody called")
        assert answer.recording == call.recordings[0]
        assert answer.contact.phone == ADA

    def test_keeps_what_was_said_before_somebody_hung_up(
        self, sandbox: Sandbox, door: Door
    ) -> None:
        call = sandbox.twilio.call(door.url, TOKEN, digits={"rating": "2"}, hangs_up_at="resolved")
        settle(sandbox)
        assert call.over == "hung up"
        assert [event.answer.score for event in door.events] == [0.25]

    def test_lets_a_silent_caller_go(self, sandbox: Sandbox, door: Door) -> None:
        call = sandbox.twilio.call(door.url, TOKEN)
        settle(sandbox)
        assert call.over == "said goodbye"
        assert len(call.said) == 3 + 3 + 1 + 1
        assert door.events == []

    def test_does_not_mix_callers(self, sandbox: Sandbox, door: Door) -> None:
        calls = {
            str(score): sandbox.twilio.call(door.url, TOKEN, digits={"rating": str(score)})
            for score in range(1, 6)
        }
        settle(sandbox)
        assert {event.answer.id: event.answer.raw for event in door.events} == {
            f"phone:{call.sid}": score for score, call in calls.items()
        }


def test_the_page_shows_phones(sandbox: Sandbox, client: Client, survey: Survey) -> None:
    assert "Phones" not in requests.get(sandbox.url, timeout=5).text
    sandbox.twilio.call(survey.url, TOKEN, digits={"rating": "2"}, words="<b>Oh</b>", phone=ADA)
    client.messages.create(to=ADA, from_="+15005550001", body="<script>")
    settle(sandbox)
    page = requests.get(sandbox.url, timeout=5).text
    assert "Phones" in page
    assert "rating 2" in page
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
