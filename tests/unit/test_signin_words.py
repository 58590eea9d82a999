"""Where somebody comes from, by what browser, and whether an address is one of ours."""

from __future__ import annotations

import pytest

from bridge.web.pages.signin.browsers import browser
from bridge.web.pages.signin.sessions import ours
from bridge.web.pages.signin.throttle import of, place

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36"
)


@pytest.mark.parametrize(
    ("agent", "found"),
    [
        (CHROME, ("Chrome", "Windows")),
        (f"{CHROME} Edg/140.0.0.0", ("Edge", "Windows")),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:140.0) Firefox/140.0",
            ("Firefox", "macOS"),
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1",
            ("Safari", "iPhone"),
        ),
        (
            "Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537.36",
            ("Chrome", "Android"),
        ),
        ("curl/8.9", ("", "")),
        ("", ("", "")),
    ],
)
def test_a_browser_is_called_as_people_know_it(agent: str, found: tuple[str, str]) -> None:
    assert browser(agent) == found


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unix:", "elsewhere"),
        ("", "elsewhere"),
    ],
)
def test_attempts_are_counted_by_house(address: str, found: str) -> None:
    assert place(address) == found


def test_what_was_tried_is_not_kept_in_the_clear() -> None:
    assert of("email", "Mona@example.com") == of("email", "mona@example.com")
    assert "mona" not in of("email", "mona@example.com")
    assert of("link", "x") != of("email", "x")


@pytest.mark.parametrize(
    ("address", "good"),
    [
        ("/inbox", True),
        ("/inbox?team=Billing&text=a%20b", True),
        ("/", True),
        ("", False),
        ("inbox", False),
        ("//example.org", False),
        ("///example.org", False),
        ("/\\example.org", False),
        ("/\t/example.org", False),
        ("/\n/example.org", False),
        (" //example.org", False),
        ("https://example.org", False),
        ("javascript:alert(1)", False),
    ],
)
def test_only_our_own_pages_are_gone_to(address: str, good: bool) -> None:
    assert ours(address) is good
