"""Modals and home tabs as Slack keeps them, and the triggers that open them.

A trigger opens one view within three seconds; a person sees one stack of at most three modals
(docs.slack.dev/surfaces/modals, docs.slack.dev/reference/methods/views.open and its siblings).
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bridge.sandbox import slack_inputs
from bridge.sandbox.slack_records import SlackError
from bridge.sandbox.wire import Clock, Ids, Json

TRIGGER_LIFE = timedelta(seconds=3)
_DEEPEST = 3  # modals on one another
_LARGEST = 250_000  # bytes


@dataclass(slots=True, eq=False)
class View:
    """A modal or a home tab as one person sees it. Read it; it changes through the API and by hand."""

    id: str
    user: str
    body: Json
    """What the app handed in."""
    hash: str
    root: str
    previous: str | None = None
    values: Json = field(default_factory=dict)
    """What is filled in: `state.values`."""
    errors: dict[str, str] = field(default_factory=dict)
    """What the app said is wrong with a field, by block_id."""
    trouble: str = ""
    """Why Slack could not make anything of the app's last answer, "" when it could."""
    closed: bool = False

    @property
    def blocks(self) -> list[Json]:
        """Its blocks, each with a block_id."""
        return slack_inputs.numbered(self.body["blocks"])

    @property
    def callback_id(self) -> str:
        """The app's name for this kind of view."""
        return str(self.body.get("callback_id", ""))


@dataclass(slots=True)
class _Trigger:
    user: str
    until: datetime
    view: str | None
    used: bool = False


class Views:
    """All views of a workspace and who sees which. All methods may be called from any thread."""

    def __init__(self, now: Clock, ids: Ids, lock: threading.RLock) -> None:
        self._now = now
        self._ids = ids
        self._lock = lock
        self.all: dict[str, View] = {}
        """By id, oldest first, closed ones as well."""
        self.homes: dict[str, View] = {}
        """Home tabs by person."""
        self._stacks: dict[str, list[View]] = {}
        self._triggers: dict[str, _Trigger] = {}

    def trigger(self, user: str, view: str | None = None) -> str:
        """A trigger id as a click brings it, here in `view` if in one."""
        with self._lock:
            number = int(self._now().timestamp() * 1000)
            issued = f"{number}.{int(self._ids.hex(10), 16)}.{self._ids.hex(32)}"
            self._triggers[issued] = _Trigger(user, self._now() + TRIGGER_LIFE, view)
            return issued

    def stack(self, user: str) -> list[View]:
        """The modals that somebody has open; the last one is in front."""
        with self._lock:
            return list(self._stacks.get(user, []))

    def front(self, user: str) -> View | None:
        """The modal that somebody looks at, if any."""
        stack = self.stack(user)
        return stack[-1] if stack else None

    # -- what the API does; each raises SlackError --

    def open(self, trigger: str, body: Json) -> View:
        """A modal for whoever clicked; what was open gives way."""
        with self._lock:
            issued = self._exchange(trigger, body)
            self.clear(issued.user)
            return self._add(issued.user, body)

    def push(self, trigger: str, body: Json) -> View:
        """A modal on top of the one in which the click was."""
        with self._lock:
            issued = self._exchange(trigger, body)
            stack = self._stacks.get(issued.user, [])
            if issued.view is None or issued.view not in {one.id for one in stack}:
                raise SlackError("not_found")
            return self.stack_up(issued.user, body)

    def update(self, view: View | None, body: Json, known_hash: str | None = None) -> View:
        """Another content for a view; what was filled in stays where the fields stay."""
        with self._lock:
            if view is None or view.closed:
                raise SlackError("not_found")
            self._check(body, known_hash, view)
            old = view.values
            view.body, view.hash = body, self._new_hash()
            view.errors, view.trouble = {}, ""
            view.values = slack_inputs.initial_values(view.blocks)
            for block, fields in view.values.items():
                for action, state in fields.items():
                    kept = old.get(block, {}).get(action)
                    if kept and kept["type"] == state["type"]:
                        fields[action] = kept
            return view

    def publish(self, user: str, body: Json, known_hash: str | None = None) -> View:
        """The home tab of one person."""
        with self._lock:
            home = self.homes.get(user)
            if home is not None:
                return self.update(home, body, known_hash)
            self._check(body, known_hash, None)
            self.homes[user] = self._new(user, body, None)
            return self.homes[user]

    def find(self, view_id: str = "", external_id: str = "") -> View | None:
        """A view that is still open, by either id."""
        with self._lock:
            for one in self.all.values():
                named = external_id and one.body.get("external_id") == external_id
                if not one.closed and (one.id == view_id or named):
                    return one
            return None

    # -- what an answer to the click does --

    def stack_up(self, user: str, body: Json) -> View:
        """Another modal on top. Raises SlackError when there are three."""
        with self._lock:
            stack = self._stacks.get(user, [])
            if len(stack) >= _DEEPEST:
                raise SlackError("push_limit_reached")
            self._check(body, None, None)
            return self._add(user, body)

    def close(self, view: View) -> None:
        """Away with one modal; the one below is in front again."""
        with self._lock:
            stack = self._stacks.get(view.user, [])
            if view in stack:
                stack.remove(view)
            view.closed = True

    def clear(self, user: str) -> None:
        """Away with all modals of somebody."""
        with self._lock:
            for one in self._stacks.pop(user, []):
                one.closed = True

    # -- inside, with the lock held --

    def _exchange(self, trigger: str, body: Json) -> _Trigger:
        issued = self._triggers.get(trigger)
        if issued is None:
            raise SlackError("invalid_trigger_id")
        if issued.used:
            raise SlackError("exchanged_trigger_id")
        if issued.until < self._now():
            raise SlackError("expired_trigger_id")
        self._check(body, None, None)
        issued.used = True
        return issued

    def _check(self, body: Json, known_hash: str | None, view: View | None) -> None:
        if len(json.dumps(body).encode()) > _LARGEST:
            raise SlackError("view_too_large")
        if known_hash and (view is None or view.hash != known_hash):
            raise SlackError("hash_conflict")
        external = body.get("external_id")
        if external and self.find(external_id=external) not in {None, view}:
            raise SlackError("duplicate_external_id")

    def _add(self, user: str, body: Json) -> View:
        stack = self._stacks.setdefault(user, [])
        view = self._new(user, body, stack[-1] if stack else None)
        stack.append(view)
        return view

    def _new(self, user: str, body: Json, below: View | None) -> View:
        view_id = f"V{self._ids.hex(10).upper()}"
        view = View(
            view_id,
            user,
            body,
            self._new_hash(),
            below.root if below else view_id,
            below.id if below else None,
        )
        view.values = slack_inputs.initial_values(view.blocks)
        self.all[view_id] = view
        return view

    def _new_hash(self) -> str:
        return f"{int(self._now().timestamp())}.{self._ids.hex(8)}"
