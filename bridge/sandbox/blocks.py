"""Block Kit as Slack checks it: what is wrong with blocks or a view, in Slack's own manner.

Limits: docs.slack.dev/reference/block-kit and the SDK's own models; a block that breaks one is
refused as a whole (`invalid_blocks`, for views `invalid_arguments`) and nothing is posted or shown.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, TypeAlias

from bridge.sandbox import blocks_elements as elements
from bridge.sandbox import blocks_texts as texts
from bridge.sandbox.blocks_elements import ID_LENGTH, OVERFLOW
from bridge.sandbox.blocks_texts import OPTION_TEXT, OPTION_VALUE, Problems, at
from bridge.sandbox.wire import Json

__all__ = [
    "ID_LENGTH",
    "MESSAGE_BLOCKS",
    "OPTION_TEXT",
    "OPTION_VALUE",
    "OVERFLOW",
    "VIEW_BLOCKS",
    "problems",
    "view_problems",
]

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
_MARKDOWN = 12_000  # characters in all markdown blocks of a message

_Check: TypeAlias = Callable[[Json, str], Problems]


def problems(
    blocks: Any, most: int = MESSAGE_BLOCKS, root: str = "/blocks", surface: str = "message"
) -> list[str]:
    """Every fault found, as `[ERROR] what [json-pointer:/blocks/0/text]`; empty when all is well.

    `surface` is "message", "modal" or "home".
    """
    return [f"[ERROR] {what}" for what in _blocks(blocks, most, root, surface)]


def view_problems(view: Any, kinds: Collection[str] = ("modal", "home")) -> list[str]:
    """The same for a view that must be of one of these kinds."""
    if not isinstance(view, dict) or view.get("type") not in kinds:
        return ["[ERROR] unsupported type [json-pointer:/view/type]"]
    return [f"[ERROR] {what}" for what in _view(view)]


def _view(view: Json) -> Problems:
    modal = view["type"] == "modal"
    shown = ("title", "submit", "close") if modal else ()
    for name in shown:
        if name in view or name == "title":
            yield from texts.text(view.get(name), f"/view/{name}", 24, plain=True)
    for name, most in (("private_metadata", 3000), ("callback_id", 255), ("external_id", 255)):
        yield from texts.length(view.get(name), most, f"/view/{name}", least=0)
    yield from _blocks(view.get("blocks"), VIEW_BLOCKS, "/view/blocks", view["type"])
    if modal and "submit" not in view and _has_input(view.get("blocks")):
        yield at("missing required field: submit", "/view")
    own = {*shown, "clear_on_close", "notify_on_close"} if modal else set()
    common = {"type", "blocks", "private_metadata", "callback_id", "external_id"}
    yield from texts.known(view, common | own, "/view")


def _has_input(blocks: Any) -> bool:
    found = blocks if isinstance(blocks, list) else []
    return any(isinstance(one, dict) and one.get("type") == "input" for one in found)


def _blocks(blocks: Any, most: int, root: str, surface: str) -> Problems:
    if not isinstance(blocks, list):
        yield at("must be an array", root)
        return
    if len(blocks) > most:
        yield at(f"no more than {most} items allowed", root)
    if surface == "modal" and not blocks:
        yield at("must have at least 1 items", root)
    seen: set[str] = set()
    for index, block in enumerate(blocks):
        where = f"{root}/{index}"
        if not isinstance(block, dict):
            yield at("must be an object", where)
            continue
        yield from texts.length(block.get("block_id"), ID_LENGTH, f"{where}/block_id", least=0)
        if (name := block.get("block_id")) and name in seen:
            yield at(f"`block_id` {name} already exists", f"{where}/block_id")
        seen.add(str(name))
        yield from _block(block, where, surface)
    written = [one for one in blocks if isinstance(one, dict) and one.get("type") == "markdown"]
    if len(written) > 1 and sum(len(str(one.get("text"))) for one in written) > _MARKDOWN:
        yield at(f"must be less than {_MARKDOWN + 1} characters", root)


def _block(block: Json, where: str, surface: str) -> Problems:
    kind = str(block.get("type"))
    if kind not in _BLOCKS or (kind == "markdown" and surface != "message"):
        yield at(f"unsupported type: {kind}", f"{where}/type")
        return
    check, fields = _BLOCKS[kind]
    yield from check(block, where)
    yield from texts.known(block, {"type", "block_id", *fields.split()}, where)


def _section(block: Json, where: str) -> Problems:
    if "text" not in block and not block.get("fields"):
        yield at("missing required field: text", where)
    if "text" in block:
        yield from texts.text(block["text"], f"{where}/text", 3000)
    if "fields" in block:
        yield from texts.count(block["fields"], 10, f"{where}/fields")
        for index, one in enumerate(_listed(block["fields"])):
            yield from texts.text(one, f"{where}/fields/{index}", 2000)
    if "accessory" in block:
        yield from elements.element(block["accessory"], f"{where}/accessory", "section")


def _header(block: Json, where: str) -> Problems:
    yield from texts.text(block.get("text"), f"{where}/text", 150, plain=True)


def _context(block: Json, where: str) -> Problems:
    found = block.get("elements")
    yield from texts.count(found, 10, f"{where}/elements")
    for index, one in enumerate(_listed(found)):
        spot = f"{where}/elements/{index}"
        if isinstance(one, dict) and one.get("type") == "image":
            yield from elements.image(one, spot)
        else:
            yield from texts.text(one, spot, 2000)


def _actions(block: Json, where: str) -> Problems:
    found = block.get("elements")
    yield from texts.count(found, 25, f"{where}/elements")
    seen: set[str] = set()
    for index, one in enumerate(_listed(found)):
        spot = f"{where}/elements/{index}"
        yield from elements.element(one, spot, "actions")
        action = one.get("action_id") if isinstance(one, dict) else None
        if action and action in seen:
            yield at(f"`action_id` {action} already exists", f"{spot}/action_id")
        seen.add(str(action))


def _input(block: Json, where: str) -> Problems:
    yield from texts.text(block.get("label"), f"{where}/label", 2000, plain=True)
    if "hint" in block:
        yield from texts.text(block["hint"], f"{where}/hint", 2000, plain=True)
    yield from elements.element(block.get("element"), f"{where}/element", "input")


def _markdown(block: Json, where: str) -> Problems:
    yield from texts.length(block.get("text"), _MARKDOWN, f"{where}/text")


def _rich_text(block: Json, where: str) -> Problems:
    yield from texts.count(block.get("elements"), 3000, f"{where}/elements", least=0)


def _nothing(_block: Json, _where: str) -> Problems:
    return iter(())


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


_BLOCKS: dict[str, tuple[_Check, str]] = {
    "section": (_section, "text fields accessory expand"),
    "header": (_header, "text"),
    "context": (_context, "elements"),
    "actions": (_actions, "elements"),
    "image": (elements.image, "image_url slack_file alt_text title"),
    "input": (_input, "label element dispatch_action hint optional"),
    "markdown": (_markdown, "text"),
    "rich_text": (_rich_text, "elements"),
    "divider": (_nothing, ""),
}
"""By type: its check and its fields."""
