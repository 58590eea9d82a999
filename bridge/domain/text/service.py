"""What customers say of service and VADER's lexicon doesn't know, or takes for a feeling that it isn't there.

By valence: -4 (worst) to 4, 0 for neither. A phrase counts as one word. The words are those of complaints about any
service; the phrases of two and more words tell what is denied, repeated, or late.
"""

from __future__ import annotations

_BY_VALENCE: dict[float, str] = {
    -3.1: ("worst"),
    -2.7: ("pathetic"),
    -2.6: ("unacceptable, nightmare"),
    -2.4: ("false promise, false promises, incompetent, waste of time, never again"),
    -2.3: ("rude, unprofessional, not satisfied, dissatisfied"),
    -2.2: (
        "never replied, never responded, not helpful, unhelpful, not resolved, not solved, "
        "unresolved, wrong information, useless, unsatisfied, unsatisfactory, not happy"
    ),
    -2.1: ("poor"),
    -2.0: (
        "no response, no reply, no answer, not responding, not replied, no solution, no "
        "resolution, no help, unresponsive, ignored, still waiting, still no, still not, not "
        "fixed, never received, not refunded, not delivered, never arrived, defective, damaged, "
        "fake, not good, runaround, ridiculous"
    ),
    -1.9: ("faulty, waste"),
    -1.8: (
        "no update, no updates, no call back, no callback, no support, no communication, delay, "
        "delays, delayed, delaying, too late, very slow, not working, doesn't work, does not "
        "work, not received, broken, wrong, fourth time, hung up, passed around"
    ),
    -1.6: (
        "incorrect, issue not, third time, again and again, over and over, yet again, run around"
    ),
    -1.5: ("no information, on hold, too long, slow, didn't work, mess"),
    -1.4: ("for months, error"),
    -1.3: ("taking long, multiple times"),
    -1.2: (
        "late, for weeks, not done, missing, cancelled, canceled, several times, joke, disconnected"
    ),
    -1.1: ("second time, many times"),
    -1.0: ("no one, nobody, waited, so long, not at all, no"),
    -0.8: ("waiting for, for days, pending, every time"),
    -0.5: ("hours"),
    0.0: ("number"),
    0.4: ("please, help, credit, top, support, reward, rewards"),
    0.6: ("care, like"),
    0.8: ("yes"),
    1.5: ("number one"),
}

SERVICE: dict[str, float] = {
    phrase.strip(): valence
    for valence, listed in _BY_VALENCE.items()
    for phrase in listed.split(",")
}
"""Each phrase with its valence."""
