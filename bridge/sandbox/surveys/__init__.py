"""Survey tools that send what customers answer; each signs as its vendor does, when it is sent.

One file a vendor: what it posts, and for the two that post ids only, the API that is asked for the rest.
"""

from __future__ import annotations

from bridge.sandbox.courier import Courier
from bridge.sandbox.surveys.asknicely import AskNicely
from bridge.sandbox.surveys.delighted import Delighted
from bridge.sandbox.surveys.outgoing import Outgoing
from bridge.sandbox.surveys.qualtrics import Qualtrics
from bridge.sandbox.surveys.simplesat import Simplesat
from bridge.sandbox.surveys.standard import Standard
from bridge.sandbox.surveys.surveymonkey import SurveyMonkey
from bridge.sandbox.surveys.thermometer import Thermometer
from bridge.sandbox.surveys.typeform import Typeform
from bridge.sandbox.wire import Clock

__all__ = ["Surveys"]


class Surveys:
    """One customer after another answers, in whichever tool: `surveys.delighted(url, key, score=2)`.

    Each returns the key of what it sent; `sent_at` keeps the real time each key first left, in seconds.
    """

    def __init__(self, now: Clock, courier: Courier) -> None:
        out = Outgoing(now, courier)
        self.sent_at = out.sent_at
        self.typeform = Typeform(out)
        self.standard = Standard(out)
        self.delighted = Delighted(out)
        self.simplesat = Simplesat(out)
        self.asknicely = AskNicely(out)
        self.thermometer = Thermometer(out)
        self.surveymonkey = SurveyMonkey(out)
        self.qualtrics = Qualtrics(out)
