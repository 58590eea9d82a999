"""Phrases found in what customers say, and not where they are denied."""

from __future__ import annotations

import pytest

from bridge.domain.text.languages import LANGUAGES
from bridge.domain.text.phrases import Phrases

GRAVE = Phrases({name: language.grave for name, language in LANGUAGES.items()})
CONTACT = Phrases({name: language.contact for name, language in LANGUAGES.items()})


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("I will CANCEL my subscription", ("cancel",)),
        ("You cancelled my order, I want a refund!", ("cancelled", "refund")),
        ("Refunded nothing. My lawyer calls you.", ("refunded", "lawyer")),
        ("No refund after five weeks", ("no refund",)),
        ("I have not received my refund", ("refund",)),
        ("Ich habe gekündigt und gehe zum Anwalt", ("gekündigt", "anwalt")),
        ("Je veux être remboursé", ("remboursé",)),
        ("Quiero darme de baja", ("darme de baja",)),
        ("Ik wil mijn geld terug", ("geld terug",)),
        ("Voglio un rimborso", ("rimborso",)),
        ("Vou fazer uma reclamação", ("reclamação",)),
    ],
)
def test_grave_words_are_found_in_each_language(text: str, found: tuple[str, ...]) -> None:
    assert GRAVE.found(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "I don't want to cancel",
        "I do not wish to complain",
        "I won't sue you",
        "There is no need to escalate",
        "Never had a complaint",
        "Ich möchte nicht kündigen",
        "Ich kündige nicht",
        "Keine Beschwerde",
        "Je ne veux pas annuler",
        "No quiero cancelar",
        "Ik wil niet opzeggen, geen klacht",
        "Non voglio un rimborso",
        "Não quero cancelar",
        "The courtyard is lovely",
        "",
    ],
)
def test_what_is_denied_or_another_word_is_not_found(text: str) -> None:
    assert GRAVE.found(text) == ()


@pytest.mark.parametrize(
    "text",
    [
        "Please call me",
        "I want to speak to a manager",
        "please contact me",
        "Bitte ruft mich an!",
        "Bitte um Rückruf",
        "Rappelez-moi s'il vous plaît",
        "Quiero hablar con un supervisor",
        "Bel me terug",
        "Vorrei parlare con un responsabile",
        "Por favor, me ligue",
    ],
)
def test_whoever_asks_to_be_contacted_is_heard(text: str) -> None:
    assert CONTACT.found(text)


@pytest.mark.parametrize(
    "text",
    [
        "No need to call me",
        "Please don't call me",
        "Bitte ruft mich nicht an",
        "Ne pas me rappeler",
    ],
)
def test_whoever_asks_not_to_be_contacted_is_left_alone(text: str) -> None:
    assert CONTACT.found(text) == ()


def test_a_denial_in_another_sentence_denies_nothing() -> None:
    assert GRAVE.found("I did not. Cancel it") == ("cancel",)
    assert GRAVE.found("Ich kündige. Nicht mit mir!") == ("kündige",)


def test_a_word_of_no_language_is_denied_in_any() -> None:
    own = Phrases({"": ("acme*",)})
    assert own.found("Acmes!") == ("acmes",)
    assert own.found("kein Acme") == ()
