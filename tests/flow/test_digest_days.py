"""When the digest goes out: once a day at the team's hour, whatever is down, restarted, moved or refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from bridge.sandbox.wire import Fault
from bridge.store import digests, schema
from bridge.work.errands import begin_standing
from tests.flow.readers import MONA, Readers, opened

Opens = Callable[..., Readers]
EVERY_DAY = "open_days = false\n"
BY_MAIL = 'by = ["email"]\n'


@pytest.fixture
def open_readers(database: Callable[..., str], tmp_path: Path) -> Iterator[Opens]:
    with ExitStack() as stack:
        yield lambda change="": stack.enter_context(opened(database(), tmp_path, change))


@pytest.fixture
def readers(open_readers: Opens) -> Readers:
    return open_readers()


def test_the_first_is_that_of_the_next_hour_and_none_is_made_up_for(readers: Readers) -> None:
    readers.team()
    readers.until("2031-03-05 07:59")
    assert readers.mails == []
    readers.until("2031-03-05 08:00")
    assert readers.sent_at() == ["Wed 05 Mar 08:00"]
    assert len(readers.posts) == 1


def test_a_team_that_is_there_before_its_hour_is_told_the_same_day(readers: Readers) -> None:
    readers.team(digest="10:30")
    readers.until("2031-03-04 23:00")
    assert readers.sent_at() == ["Tue 04 Mar 10:30"]


def test_a_week_in_which_clocks_change_and_a_holiday_falls(readers: Readers) -> None:
    readers.team()
    readers.asleep("2031-03-26 12:00")
    readers.until("2031-04-02 12:00")
    assert readers.sent_at() == [
        "Thu 27 Mar 08:00",
        "Fri 28 Mar 08:00",
        "Tue 01 Apr 08:00",
        "Wed 02 Apr 08:00",
    ]


@pytest.mark.parametrize("hour", ["02:30", "08:00", "00:00"])
def test_on_every_day_there_is_one_also_where_an_hour_is_skipped(
    open_readers: Opens, hour: str
) -> None:
    readers = open_readers(EVERY_DAY + BY_MAIL)
    readers.team(digest=hour)
    readers.asleep("2031-03-28 12:00")
    readers.until("2031-04-01 12:00")
    skipped = "03:30" if hour == "02:30" else hour
    assert readers.sent_at() == [
        f"Sat 29 Mar {hour}",
        f"Sun 30 Mar {skipped}",
        f"Mon 31 Mar {hour}",
        f"Tue 01 Apr {hour}",
    ]


def test_where_an_hour_comes_twice_there_is_one_at_the_first(open_readers: Opens) -> None:
    readers = open_readers(EVERY_DAY + BY_MAIL)
    readers.team(digest="02:30")
    readers.asleep("2031-10-25 01:00")
    readers.until("2031-10-27 12:00")
    assert readers.sent_at() == ["Sat 25 Oct 02:30", "Sun 26 Oct 02:30", "Mon 27 Oct 02:30"]
    assert [mail.at.hour for mail in readers.sandbox.smtp.messages] == [0, 0, 1]


def test_what_was_missed_is_sent_the_same_day_and_never_on_another(readers: Readers) -> None:
    readers.team()
    readers.until("2031-03-05 07:00")
    readers.asleep("2031-03-05 15:10")
    readers.turn()
    assert readers.sent_at() == ["Wed 05 Mar 15:10"]
    readers.asleep("2031-03-07 07:00")
    readers.until("2031-03-07 09:00")
    assert readers.sent_at() == ["Wed 05 Mar 15:10", "Fri 07 Mar 08:00"]


def test_a_restart_sends_nothing_again(readers: Readers) -> None:
    readers.team()
    readers.until("2031-03-05 08:00")
    for _ in range(3):
        begin_standing(readers.bridge)
        readers.turn()
    readers.until("2031-03-05 20:00")
    assert (len(readers.mails), len(readers.posts)) == (1, 1)


def test_an_hour_that_is_moved_back_gives_no_second_one_that_day(readers: Readers) -> None:
    readers.team()
    readers.until("2031-03-05 09:00")
    readers.team(digest="14:00")
    readers.until("2031-03-06 15:00")
    assert readers.sent_at() == ["Wed 05 Mar 08:00", "Thu 06 Mar 14:00"]


def test_a_team_that_wants_none_gets_none_and_may_change_its_mind(readers: Readers) -> None:
    readers.team(digest="off")
    readers.until("2031-03-05 12:00")
    assert (readers.mails, readers.posts) == ([], [])
    readers.team()
    readers.until("2031-03-06 12:00")
    assert readers.sent_at() == ["Thu 06 Mar 08:00"]


def test_a_new_team_is_noticed_while_all_runs(readers: Readers) -> None:
    readers.team()
    readers.until("2031-03-04 12:00")
    readers.team("Support", manager_email="nils@example.com")
    readers.until("2031-03-05 09:00")
    to = sorted(mail["To"] for mail in readers.mails)
    assert to == [MONA, "nils@example.com"]


def test_a_mail_server_that_is_busy_is_asked_again_and_slack_is_told_once(
    readers: Readers,
) -> None:
    readers.team()
    readers.sandbox.smtp.reply = "451 4.3.0 Try again later"
    readers.until("2031-03-05 08:30")
    assert (readers.mails, len(readers.posts)) == ([], 1)
    assert "451" in readers.trouble()
    readers.sandbox.smtp.reply = ""
    readers.until("2031-03-05 23:00")
    assert (len(readers.mails), len(readers.posts)) == (1, 1)
    assert readers.trouble() == ""


def test_a_mail_server_that_is_away_all_day_has_missed_that_day(readers: Readers) -> None:
    readers.team()
    readers.sandbox.smtp.reply = "451 4.3.0 Try again later"
    readers.until("2031-03-05 23:59")
    readers.sandbox.smtp.reply = ""
    readers.until("2031-03-06 12:00")
    assert readers.sent_at() == ["Thu 06 Mar 08:00"]


def test_an_address_that_does_not_exist_is_told_and_tried_the_next_day(readers: Readers) -> None:
    readers.team()
    readers.sandbox.smtp.refusals[MONA] = "550 5.1.1 No such user"
    readers.until("2031-03-05 23:00")
    assert "not sent by email" in readers.trouble()
    assert MONA not in readers.trouble()
    assert len(readers.posts) == 1
    readers.sandbox.smtp.refusals.clear()
    readers.until("2031-03-06 12:00")
    assert readers.sent_at() == ["Thu 06 Mar 08:00"]
    assert readers.trouble() == ""


def test_a_mail_whose_answer_was_lost_comes_again_under_the_same_id(readers: Readers) -> None:
    readers.team()
    readers.sandbox.smtp.hangs_up = True
    readers.until("2031-03-05 08:00")
    readers.sandbox.smtp.hangs_up = False
    readers.until("2031-03-06 09:00")
    ids = [mail["Message-ID"] for mail in readers.mails]
    assert (len(ids), ids[0]) == (3, ids[1])
    assert ids[2] != ids[0]


def test_a_message_whose_answer_was_lost_is_found_and_not_posted_again(readers: Readers) -> None:
    readers.team()
    seen: list[str] = []

    def once(vendor: str, method: str, path: str) -> Fault | None:
        if not path.endswith("chat.postMessage"):
            return None
        seen.append(path)
        return Fault.timeout_after_applying() if len(seen) == 1 else None

    readers.sandbox.faults = once
    readers.until("2031-03-05 12:00")
    assert (len(seen), len(readers.posts), len(readers.mails)) == (1, 1, 1)


def test_a_process_that_died_after_posting_does_not_post_again(readers: Readers) -> None:
    """Taken, posted, and gone before that was remembered: the lease ends, and another looks first."""
    readers.team()
    readers.until("2031-03-05 08:00")
    yesterday = digests.Sent(day="2031-03-04", at=readers.clock() - timedelta(days=1))
    with readers.bridge.engine.begin() as connection:
        digests.keep_sent(connection, "slack", "Billing", yesterday)
        connection.execute(update(schema.errands).values(not_before=readers.clock(), attempts=1))
    readers.turn()
    assert (len(readers.mails), len(readers.posts)) == (1, 1)


def test_only_the_mediums_that_are_wanted(open_readers: Opens) -> None:
    readers = open_readers(BY_MAIL)
    readers.team()
    readers.until("2031-03-05 12:00")
    assert (len(readers.mails), readers.posts) == (1, [])


def test_nothing_to_tell_is_said(readers: Readers) -> None:
    readers.team()
    readers.until("2031-03-05 12:00")
    [mail] = readers.mails
    assert "nothing to do" in mail["Subject"]
    assert "Nothing to do" in readers.posts[0]


def test_nothing_to_tell_is_kept_to_oneself_if_so_configured(open_readers: Opens) -> None:
    readers = open_readers('empty = "skip"\n')
    readers.team()
    readers.until("2031-03-05 12:00")
    assert (readers.mails, readers.posts) == ([], [])
    readers.alert(1)
    readers.until("2031-03-06 12:00")
    assert (len(readers.mails), len(readers.posts)) == (1, 1)
