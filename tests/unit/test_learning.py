"""What is learned of comments: from files, judged on what was not learned of, kept as plain weights."""

from __future__ import annotations

import random
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from bridge.domain.model import BridgeError, Unreadable
from bridge.domain.text import COLD, Artefact, Learned, tokens
from bridge.domain.text.learned import unpacked
from bridge.insight.learning.comments import Comment, by_score, by_value, groups, read
from bridge.insight.learning.stock import stock
from bridge.insight.learning.verdict import Outcome, learn

START = datetime(2026, 1, 5, tzinfo=UTC)

SAD = ("paket kam nie an", "seit wochen warte ich", "keiner meldet sich", "schon wieder kaputt")
GLAD = ("paket kam sofort an", "schnell geholfen", "gerne wieder", "läuft wieder prima")


def comments(many: int = 360, *, noise: float = 0.1) -> list[Comment]:
    """German comments, of which the cold start understands nothing; a share of them is mislabelled."""
    chance = random.Random(4)
    made = []
    for number in range(many):
        unhappy = number % 3 == 0
        wrong = chance.random() < noise
        words = chance.sample(SAD if unhappy is not wrong else GLAD, 2)
        text = f"{' und '.join(words)} {chr(97 + number % 20)}{chr(97 + number // 20)}"
        at = START + timedelta(hours=number)
        made.append(Comment(text=text, unhappy=unhappy, at=at))
    return made


@pytest.fixture(scope="module")
def found() -> Outcome:
    return learn(comments(), "learned-1", budget=0.5, stock=frozenset({"ab"}))


def made(found: Outcome) -> Artefact:
    assert found.artefact
    return found.artefact


def test_it_is_used_where_it_is_better_than_the_cold_start_and_says_how_much(
    found: Outcome,
) -> None:
    assert found.refused == ""
    figures = found.figures
    assert figures
    assert (figures.comments, figures.unhappy, figures.between) == (360, 120, 0)
    assert figures.crossed.learned.auc.value > 0.8 > figures.crossed.cold.auc.value
    assert figures.crossed.better
    assert figures.later
    assert figures.later.comments < 360 * 0.31
    assert dict(figures.words).keys() & {"keiner meldet", "wieder kaputt", "kam nie"}
    assert made(found).figures["comments"] == 360


def test_it_says_which_words_weighed_most(found: Outcome) -> None:
    tone = Learned(made(found)).tone("Paket kam nie an, keiner meldet sich")
    assert tone.negative >= made(found).line
    assert set(" ".join(tone.why).split()) <= {
        "paket",
        "kam",
        "nie",
        "an",
        "keiner",
        "meldet",
        "sich",
    }
    assert Learned(made(found)).tone("gerne wieder, schnell geholfen").why == ()
    assert Learned(made(found)).tone("?!").negative < 0.5
    assert Learned(made(found)).tone("").negative == 0


def test_it_knows_boilerplate_again(found: Outcome) -> None:
    mark = tokens.fingerprint("We are looking into it.")
    words = Learned(replace(made(found), stock=frozenset({mark})))
    assert words.boilerplate("we are looking into it")
    assert not words.boilerplate("We found the parcel.")


def test_it_is_stored_without_a_loss_and_judges_the_same(found: Outcome) -> None:
    back = Learned.from_body(made(found).body())
    assert unpacked(made(found).body()) == made(found)
    assert back.name == "learned-1"
    assert back.line == made(found).line
    text = "seit wochen warte ich"
    assert back.tone(text) == Learned(made(found)).tone(text)


@pytest.mark.parametrize(
    "body",
    [b"", b"words", zlib.compress(b"[]"), zlib.compress(b"{}")[:-3], b"\x80\x04K\x01."],
    ids=["nothing", "not packed", "something else", "cut off", "a pickle"],
)
def test_what_is_no_artefact_is_refused(body: bytes) -> None:
    with pytest.raises(Unreadable, match="bridge learn"):
        Learned.from_body(body)


def test_an_artefact_of_another_format_is_refused(found: Outcome) -> None:
    with pytest.raises(Unreadable, match="format 99"):
        Learned.from_body(replace(made(found), format=99).body())


def test_plain_python_finds_what_scikit_learn_finds() -> None:
    np = pytest.importorskip("numpy")
    text = pytest.importorskip("sklearn.feature_extraction.text")
    linear = pytest.importorskip("sklearn.linear_model")
    sparse = pytest.importorskip("scipy.sparse")
    from bridge.domain.text.learned import beside
    from bridge.insight.learning.counting import Counted

    told = [f"@acme {c.text}" if n % 5 else c.text for n, c in enumerate(comments())] + [
        "Worst service!!! still waiting",
        "great great great help",
    ]
    unhappy = np.array([bool(c.unhappy) for c in comments()] + [True, False])
    counted = Counted(told, list(range(len(told))))
    rows = np.arange(len(told))
    judge = Learned(counted.fit(rows, unhappy).at(1.5).artefact("x", 0.5))

    def pairs(one: str) -> list[str]:
        return tokens.phrases(tokens.tokens(one)) + tokens.mentions(one)

    def parts(one: str) -> list[str]:
        return [piece for word in tokens.tokens(one) for piece in tokens.pieces(word)]

    def telling(rare: Any) -> Any:
        kinds = [0.3 + np.asarray(rare[kind].sum(axis=0)).ravel() for kind in (unhappy, ~unhappy)]
        bad, good = (np.log(kind / kind.sum()) for kind in kinds)
        ratio = np.abs(bad - good)
        return rare @ sparse.diags(0.5 + 0.5 * ratio / ratio.mean())

    blocks = [
        text.TfidfVectorizer(analyzer=analyzer, min_df=2, sublinear_tf=True)
        for analyzer in (pairs, parts)
    ]
    aside = sparse.csr_matrix(np.array([beside(t, tokens.tokens(t)) for t in told]))
    numbers = sparse.hstack([*(telling(b.fit_transform(told)) for b in blocks), aside]).tocsr()
    model = linear.LogisticRegression(C=1.5, solver="liblinear", max_iter=1000)
    wanted = model.fit(numbers, unhappy).predict_proba(numbers)[:, 1]
    ours = counted.fit(rows, unhappy).at(1.5).negative(rows)
    assert np.abs(ours - wanted).max() < 1e-9
    assert max(abs(judge.negative(t) - w) for t, w in zip(told, wanted, strict=True)) < 1e-9


def test_a_word_that_one_comment_alone_has_is_not_kept(found: Outcome) -> None:
    texts = [*comments(), Comment(text="Frau Unverwechselbar war nett", unhappy=False)]
    texts += [
        Comment(text="Frau Unverwechselbar war NETT" + "!" * n, unhappy=False) for n in (1, 2)
    ]
    kept = made(learn(texts, "x", budget=0.5)).body()
    assert b"unverwechselbar" not in zlib.decompress(kept)
    assert b"paket" in zlib.decompress(made(found).body())


def test_a_user_name_that_many_write_to_is_kept_and_a_person_s_is_not() -> None:
    def named(number: int) -> str:
        return "@Acme_Help " if number % 2 else "@jane.doe " if number % 40 == 0 else ""

    texts = [replace(one, text=named(n) + one.text) for n, one in enumerate(comments())]
    found = learn(texts, "x", budget=0.5)
    kept = made(found).phrases
    assert "@acme_help" in kept
    assert not any("jane" in term for term in kept)
    assert found.figures
    assert "@acme_help" not in dict(found.figures.words)


def test_later_comments_are_all_later_than_those_that_were_learned_of() -> None:
    at_once = [replace(one, at=START) for one in comments()]
    told = learn(at_once, "x", budget=0.5).figures
    assert told
    assert told.later is None


def test_without_anything_to_learn_it_is_refused() -> None:
    chance = random.Random(2)
    mixed = [replace(one, unhappy=chance.random() < 0.4) for one in comments()]
    nothing = learn(mixed, "x", budget=0.5)
    assert "not clearly better" in nothing.refused
    assert nothing.artefact


def test_too_few_comments_or_always_the_same_ones_are_not_learned_of() -> None:
    assert learn([], "x", budget=0.5).artefact is None
    again = [Comment(text=f"Order {n} is late", unhappy=n % 2 == 0) for n in range(200)]
    assert "1 unhappy and 1 happy" in learn(again, "x", budget=0.5).refused


def test_the_line_keeps_to_the_budget_with_those_between_counted() -> None:
    between = [Comment(text=f"{SAD[n % 4]} {n}", unhappy=None) for n in range(40)]
    told = learn([*comments(), *between], "x", budget=0.1).figures
    assert told
    assert told.between == 40
    assert told.share <= 0.1
    assert told.line > told.best_f1


def test_the_same_words_and_the_same_group_are_not_parted() -> None:
    told = [
        Comment(text="Late again, order 12", unhappy=True, group="a"),
        Comment(text="late again order 99!", unhappy=True, group="b"),
        Comment(text="fine", unhappy=False, group="b"),
        Comment(text="well", unhappy=False),
        Comment(text="?", unhappy=False),
        Comment(text="!", unhappy=False),
    ]
    one, two, three, *others = groups(told)
    assert one == two == three
    assert len({one, *others}) == 4


def test_a_file_labels_itself(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    path.write_text(
        "\ufeffwords,score,who,when\n"
        "Late,1,7,2026-01-05T10:00\n"
        '"Fine, thanks",5,8,\n'
        "So so,3,8,2026-01-05T10:00+01:00\n"
        "No idea,none,9,\n"
        " ,1,9,\n",
        "utf-8",
    )
    found = read(path, text="words", score="score", label=by_score(2, 4), group="who", time="when")
    assert [(c.text, c.unhappy) for c in found] == [
        ("Late", True),
        ("Fine, thanks", False),
        ("So so", None),
        ("No idea", None),
    ]
    assert found[0].at == datetime(2026, 1, 5, 10, tzinfo=UTC)
    assert found[0].group == "7"


def test_values_can_be_named_that_are_bad() -> None:
    label = by_value(["Negative"])
    assert [label(told) for told in ("negative", "neutral", "")] == [True, False, None]


@pytest.mark.parametrize(
    ("form", "told", "at"),
    [
        ("%d/%m/%Y %H:%M", "14/08/2023 00:32", datetime(2023, 8, 14, 0, 32, tzinfo=UTC)),
        ("%d-%b-%y", "14-Aug-23", datetime(2023, 8, 14, tzinfo=UTC)),
        ("%d-%b-%y", "2023-08-14T10:00+02:00", datetime(2023, 8, 14, 8, tzinfo=UTC)),
    ],
    ids=["figures", "months by name", "ISO 8601 anyway"],
)
def test_times_can_be_written_otherwise(tmp_path: Path, form: str, told: str, at: datetime) -> None:
    path = tmp_path / "scores.csv"
    path.write_text(f"text,score,when\nLate,1,{told}\n", "utf-8")
    label = by_score(2, 4)
    [found] = read(path, text="text", score="score", label=label, time="when", time_format=form)
    assert found.at == at
    path.write_text("text,score,when\nLate,1,yesterday\n", "utf-8")
    with pytest.raises(BridgeError, match="line 2: a time is written as %d"):
        read(path, text="text", score="score", label=label, time="when", time_format=form)


@pytest.mark.parametrize(
    ("content", "column", "why"),
    [
        (b"words,score\nx,1\n", "text", "no column 'text'; it has: words, score"),
        (b"text,score\n\xff\xfe,1\n", "text", "no CSV file in UTF-8"),
        (b"text,score\nx,yesterday\n", "text", "line 2: a time is written as"),
    ],
)
def test_a_file_that_cant_be_read_says_why(
    tmp_path: Path, content: bytes, column: str, why: str
) -> None:
    path = tmp_path / "scores.csv"
    path.write_bytes(content)
    with pytest.raises(BridgeError, match=why):
        read(path, text=column, score="score", label=by_score(2, 4), time="score")


def test_sentences_of_many_tickets_replies_are_stock() -> None:
    told = [
        (f"zendesk:{n}", f"We are looking into it. Parcel number {n} is lost.") for n in range(3)
    ]
    told += [("zendesk:0", "Please send us the invoice.")] * 5
    told += [(f"zendesk:{n}", "Thank you!") for n in range(5)]
    found = stock(told, 3)
    assert tokens.fingerprint("we are looking into it") in found
    assert tokens.fingerprint("Please send us the invoice.") not in found
    assert tokens.fingerprint("Thank you!") not in found


def test_what_is_shown_of_learning_holds_no_whole_comment(found: Outcome) -> None:
    stored = zlib.decompress(made(found).body()).decode()
    assert not any(comment.text in stored for comment in comments())
    assert msgspec.json.decode(stored)["name"] == "learned-1"


def test_the_cold_start_stays_what_it_was(found: Outcome) -> None:
    assert COLD.name == "vader"
    assert made(found).name != COLD.name
