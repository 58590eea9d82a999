"""What holds for every page: nothing seriously wrong for people who can't see or use a mouse, nothing too wide.

One office serves all of it; a page that is not on the tour is told by name.
"""

from __future__ import annotations

from collections.abc import Mapping

from bridge.domain.viewing import Role
from tests.browser.conftest import PHONE, Opened, Window
from tests.browser.tour import ADMIN, every, public, staged, tour
from tests.flow.loop_desk import LoopOffice

REDIRECTS = {"signin.start", "signin.callback"}
"""They lead to the provider and back."""


def wrong(window: Window, places: Mapping[str, str]) -> dict[str, list[str]]:
    """What is wrong, by page."""
    found = {}
    for name, path in places.items():
        page = window.go(path)
        told = [*window.complaints(), *(f"sticks out: {one}" for one in window.too_wide())]
        if page.locator("h1").count() != 1:
            told.append("has not one heading of the first order")
        if told:
            found[name] = told
    return found


def test_every_page_is_for_everybody(window: Opened, loop: LoopOffice) -> None:
    stage = staged(loop)
    inside, outside = tour(stage), public(stage)
    on_tour = {name.partition(" ")[0] for name in (*inside, *outside)}
    assert on_tour | REDIRECTS == every(loop)
    found = {
        "light": wrong(window(ADMIN), inside) | wrong(window(), outside),
        "dark, on a phone": wrong(window(ADMIN, colours="dark", size=PHONE), inside)
        | wrong(window(colours="dark", size=PHONE), outside),
        "a manager's": wrong(
            window("mona@example.com", Role.MANAGER),
            {"inbox.show": "/inbox", "insight.show": "/insight", "forbidden": "/admin/teams"},
        ),
    }
    assert found == {how: {} for how in found}
