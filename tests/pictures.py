"""`python -m tests.pictures` draws docs/images/*.png anew: with Chromium, from the stand-in's own pages.

What Slack gets is posted to the stand-in for Slack, which checks it as Slack would, and shows it; mails and pages are
shown as they are. `payloads.json` beside the pictures keeps what was drawn, and a test compares it with what would be
drawn today.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from datetime import timedelta
from html import escape
from pathlib import Path
from typing import Any

import requests
from slack_sdk import WebClient

from bridge.sandbox import Sandbox
from tests.pages import ROOT
from tests.pictured import ANA, SINCE, payloads

FOLDER = ROOT / "docs" / "images"
KEPT = FOLDER / "payloads.json"
STYLE = ROOT / "bridge" / "sandbox" / "static" / "style.css"

BROWSER = "chromium"
_ALONE = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars")
_WIDE = 640  # CSS pixels
_DENSE = "1.25"

_LATER = {"alert-open": timedelta(), "alert-resolved": timedelta(hours=4)}  # when it stands so

# A browser without a font for these shows boxes.
_SIGNS = {"🟠": "#e8730c", "🔴": "#d8322f"}
_CHECKED = '<b style="color:#1c7c54">✓</b>'
_LIGHT = "<style>:root{color-scheme:light} body{margin:0;background:#fff}</style>"
_FRAME = (
    "<style>section.card{margin:0;border-radius:0;max-width:none;border:0}"
    " .who,section form p a{display:none} form{border:0}</style>"
)


def written(found: Mapping[str, Any]) -> str:
    """What is kept beside the pictures, readable in a diff."""
    return json.dumps(found, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def main() -> None:
    """Draw all pictures, then keep what they show."""
    found = payloads()
    with tempfile.TemporaryDirectory() as folder:
        for name, page in pages(found):
            size = draw(page, FOLDER / f"{name}.png", Path(folder))
            print(f"{name}.png: {size // 1024} kB", file=sys.stderr)
    KEPT.write_text(written(found), "utf-8")


def pages(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """A page of HTML for each picture."""
    for name, payload in found.items():
        if not isinstance(payload, str):
            at = SINCE + _LATER.get(name, timedelta(minutes=12))
            with Sandbox(lambda at=at: at) as sandbox:
                yield name, _signed(in_slack(sandbox, name, payload))
        elif payload.lstrip().startswith("<"):
            yield name, payload.replace("<head>", f"<head>{_LIGHT}", 1)
        else:
            words = f'<pre style="font:13px/1.45 monospace;margin:16px;white-space:pre-wrap">{escape(payload)}</pre>'
            yield name, f"<!doctype html><meta charset=utf-8>{_LIGHT}{words}"


def in_slack(sandbox: Sandbox, name: str, payload: Any) -> str:
    """The part of the stand-in's page that shows it, after it was taken there like any other."""
    slack = sandbox.slack
    slack.add_token("xoxb-pictures")
    ana = slack.users[slack.add_user("ana", "ana@example.com", "Ana Example")]
    channel = slack.add_channel("alerts-billing")
    client = WebClient("xoxb-pictures", base_url=sandbox.slack_url)
    payload = json.loads(json.dumps(payload).replace(ANA, ana.id))
    shown, first = f"channels/{channel}?still", "channel"
    if name.startswith("modal"):
        client.views_open(trigger_id=slack.views.trigger(ana.id), view=payload)
        shown, first = f"people/{ana.id}?still", "modal"
    elif name == "home":
        client.views_publish(user_id=ana.id, view=payload)
        shown, first = f"people/{ana.id}?still", "Home of"
    elif name == "command":
        client.chat_postEphemeral(channel=channel, user=ana.id, text="alerts", blocks=payload)
    elif name == "storm":
        summary, page = payload
        posted = client.chat_postMessage(channel=channel, text="alerts", blocks=summary)["ts"]
        client.chat_postMessage(channel=channel, text="a page", blocks=page, thread_ts=posted)
    else:
        client.chat_postMessage(channel=channel, text="an alert", blocks=payload)
    page = requests.get(f"{sandbox.url}/{shown}", timeout=10).text
    cards = re.findall(r"<section class=\"card channel.*?</section>", page, re.DOTALL)
    card = next(card for card in cards if first in card)
    card = re.sub(r" <small>\d+ messages?</small>", "", card)
    card = re.sub(r"<form[^>]*/home\".*?</form>", "", card, flags=re.DOTALL)
    style = STYLE.read_text("utf-8")
    return f"<!doctype html><meta charset=utf-8><style>{style}</style>{_LIGHT}{_FRAME}{card}"


def _signed(page: str) -> str:
    """Severities as drawn shapes."""
    for sign, colour in _SIGNS.items():
        dot = f'<i style="display:inline-block;width:.8em;height:.8em;border-radius:50%;background:{colour}"></i>'
        page = page.replace(sign, dot)
    return page.replace("✅", _CHECKED).replace("\ufe0f", "")


def draw(page: str, picture: Path, folder: Path) -> int:
    """Draw a page as high as it is; the picture's size in bytes."""
    file = folder / "page.html"
    measure = "<script>document.title=document.documentElement.scrollHeight</script>"
    file.write_text(f"{page}{measure}", "utf-8")
    dom = _browse(file, folder, "--dump-dom", f"--window-size={_WIDE},100")
    [high] = re.findall(r"<title>(\d+)</title>", dom)
    file.write_text(page, "utf-8")
    _browse(
        file,
        folder,
        f"--screenshot={picture}",
        f"--window-size={_WIDE},{high}",
        f"--force-device-scale-factor={_DENSE}",
    )
    return picture.stat().st_size


def _browse(file: Path, folder: Path, *options: str) -> str:
    profile = f"--user-data-dir={folder / 'profile'}"
    command = [BROWSER, *_ALONE, profile, *options, file.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout


if __name__ == "__main__":
    main()
