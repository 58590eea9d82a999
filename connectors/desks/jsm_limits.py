"""What Jira Cloud allows a site: which limits a request counts towards, and what an answer tells of them.

Source: developer.atlassian.com/cloud/jira/platform/rate-limiting. There are bursts a second for each method and
endpoint, of which several endpoints have lower ones; writes to one issue; and, for apps but not for API tokens, points
an hour. Which one was met stands in `RateLimit-Reason`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from connectors.budget import Learnt, Limit
from connectors.http import retry_after

CALLS = "calls"

_A_SECOND = timedelta(seconds=1)
_SOON = timedelta(seconds=5)
_LATER = timedelta(minutes=5)
_BURSTS = {"GET": 100, "POST": 100, "PUT": 50, "DELETE": 50}
_LOWEST = 50
_QUOTA = "jira-quota-"
_ISSUE_REASON = "jira-per-issue-on-write"
_ISSUE = re.compile(
    r"/rest/(?:api/\d+/issue|servicedeskapi/request)/(\d{1,20}|[A-Z][A-Z0-9_]{0,20}-\d{1,15})(?=[/?]|$)"
)


class JiraLimits:
    """See `connectors.budget.Rules`."""

    def limits(self, method: str, url: str) -> Sequence[Limit]:
        """The site's calls, the method's, and the issue's where one is written to.

        Bursts are the site's for each endpoint; here they are all endpoints' together, which is never more. An issue
        may be written to 20 times in two seconds and 100 times in thirty, and no answer tells how often it was: so half
        of it at once, and the other half while it passes.
        """
        burst = _BURSTS.get(method, _LOWEST)
        found = [Limit(CALLS, 100, _A_SECOND), Limit(_of_method(method), burst, _A_SECOND)]
        if issue := _written(method, url):
            found.append(Limit(f"quick {_of_issue(issue)}", 10, 2 * _A_SECOND))
            found.append(Limit(_of_issue(issue), 50, 30 * _A_SECOND))
        return found

    def learnt(
        self, method: str, url: str, status: int, headers: Mapping[str, str]
    ) -> Iterable[Learnt]:
        """What is left of the burst, and on a 429, which limit it was: the quota stops the whole site.

        That X-RateLimit-Remaining speaks of the burst is unconfirmed; if it is the hour's points it is much higher, and
        changes nothing. Its limit and its reset are in units that differ by kind, so they are left alone.
        """
        lower = {name.lower(): value.strip() for name, value in headers.items()}
        if status != 429:
            left = lower.get("x-ratelimit-remaining", "")
            if not (left.isascii() and left.isdecimal() and len(left) < 10):
                return ()
            return (Learnt(limit=_of_method(method), left=int(left)),)
        reason = lower.get("ratelimit-reason", "").lower()
        issue = _written(method, url)
        asked = retry_after(headers)
        if reason.startswith(_QUOTA):
            return (Learnt(limit=CALLS, left=0, resets=asked or _LATER),)
        if reason == _ISSUE_REASON and issue:
            return (Learnt(limit=_of_issue(issue), left=0, resets=asked or _SOON),)
        return (Learnt(limit=_of_method(method), left=0, resets=asked or _SOON),)


def _written(method: str, url: str) -> str:
    """The issue that is written to, by number or key as it stands in the address; "" if none is."""
    found = _ISSUE.search(url) if method != "GET" else None
    return found[1] if found else ""


def _of_method(method: str) -> str:
    return f"{method} calls"


def _of_issue(issue: str) -> str:
    return f"writes to issue {issue}"
