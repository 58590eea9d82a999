"""Block Kit as Slack checks it: what is wrong with a list of blocks, in Slack's own manner.

Limits: docs.slack.dev/reference/block-kit and the SDK's own models; a block that breaks one is
refused as a whole (`invalid_blocks`) and nothing is posted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from bridge.sandbox.wire import Json

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
ID_LENGTH = 255

Problems: TypeAlias = Iterator[str]
_Check: TypeAlias = Callable[[Json, str], Problems]


def problems(blocks: Any, most: int = MESSAGE_BLOCKS, root: str = "/blocks") -> list[str]:
    """Every fault found, as `[ERROR] what [json-pointer:/blocks/0/text]`; empty when all is well."""
    return [f"[ERROR] {what}" for what in _blocks(blocks, most, root)]


def view_problems(view: Any) -> list[str]:
    """The same for a modal."""
    if not isinstance(view, dict) or view.get("type") not in {"modal", "home"}:
        return ["[ERROR] unsupported type [json-pointer:/view/type]"]
    found = list(_view_texts(view))
    for name, most in (("private_metadata", 3000), ("callback_id", ID_LENGTH)):
        found += _length(view.get(name), most, f"/view/{name}", least=0)
    found += _blocks(view.get("blocks"), VIEW_BLOCKS, "/view/blocks")
    return [f"[ERROR] {what}" for what in found]


def _view_texts(view: Json) -> Problems:
    for name in ("title", "submit", "close"):
        if name in view or (name == "title" and view["type"] == "modal"):
            yield from _text(view.get(name), f"/view/{name}", 24, plain=True)


def _blocks(blocks: Any, most: int, root: str) -> Problems:
    if not isinstance(blocks, list):
        yield _at("must be an array", root)
        return
    if len(blocks) > most:
        yield _at(f"no more than {most} items allowed", root)
    seen: set[str] = set()
    for index, block in enumerate(blocks):
        where = f"{root}/{index}"
        if not isinstance(block, dict):
            yield _at("must be an object", where)
            continue
        yield from _length(block.get("block_id"), ID_LENGTH, f"{where}/block_id", least=0)
        if (name := block.get("block_id")) and name in seen:
            yield _at(f"`block_id` {name} already exists", f"{where}/block_id")
        seen.add(str(name))
        check = _BLOCKS.get(str(block.get("type")))
        if check is None:
            yield _at(f"unsupported type: {block.get('type')}", f"{where}/type")
        else:
            yield from check(block, where)


# -- blocks --


def _section(block: Json, where: str) -> Problems:
    if "text" not in block and not block.get("fields"):
        yield _at("missing required field: text", where)
    if "text" in block:
        yield from _text(block["text"], f"{where}/text", 3000)
    fields = block.get("fields", [])
    yield from _count(fields, 10, f"{where}/fields", least=0)
    for index, one in enumerate(fields):
        yield from _text(one, f"{where}/fields/{index}", 2000)
    if "accessory" in block:
        yield from _element(block["accessory"], f"{where}/accessory")


def _header(block: Json, where: str) -> Problems:
    yield from _text(block.get("text"), f"{where}/text", 150, plain=True)


def _context(block: Json, where: str) -> Problems:
    elements = block.get("elements")
    yield from _count(elements, 10, f"{where}/elements")
    for index, one in enumerate(elements or []):
        spot = f"{where}/elements/{index}"
        if isinstance(one, dict) and one.get("type") == "image":
            yield from _image(one, spot)
        else:
            yield from _text(one, spot, 2000)


def _actions(block: Json, where: str) -> Problems:
    elements = block.get("elements")
    yield from _count(elements, 25, f"{where}/elements")
    seen: set[str] = set()
    for index, one in enumerate(elements or []):
        spot = f"{where}/elements/{index}"
        yield from _element(one, spot)
        action = one.get("action_id") if isinstance(one, dict) else None
        if action and action in seen:
            yield _at(f"`action_id` {action} already exists", f"{spot}/action_id")
        seen.add(str(action))


def _image(block: Json, where: str) -> Problems:
    if "slack_file" not in block:
        yield from _length(block.get("image_url"), 3000, f"{where}/image_url")
    yield from _length(block.get("alt_text"), 2000, f"{where}/alt_text")
    if "title" in block:
        yield from _text(block["title"], f"{where}/title", 2000, plain=True)


def _input(block: Json, where: str) -> Problems:
    yield from _text(block.get("label"), f"{where}/label", 2000, plain=True)
    if "hint" in block:
        yield from _text(block["hint"], f"{where}/hint", 2000, plain=True)
    yield from _element(block.get("element"), f"{where}/element")


def _markdown(block: Json, where: str) -> Problems:
    yield from _length(block.get("text"), 12_000, f"{where}/text")


def _rich_text(block: Json, where: str) -> Problems:
    yield from _count(block.get("elements"), 3000, f"{where}/elements", least=0)


def _nothing(_block: Json, _where: str) -> Problems:
    return iter(())


_BLOCKS: dict[str, _Check] = {
    "section": _section,
    "header": _header,
    "context": _context,
    "actions": _actions,
    "image": _image,
    "input": _input,
    "markdown": _markdown,
    "rich_text": _rich_text,
    "divider": _nothing,
}


# -- elements --


def _element(element: Any, where: str) -> Problems:
    if not isinstance(element, dict):
        yield _at("must be an object", where)
        return
    kind = str(element.get("type"))
    check = _ELEMENTS.get(kind)
    if check is None:
        yield _at(f"unsupported type: {kind}", f"{where}/type")
        return
    yield from check(element, where)
    if kind != "image":
        yield from _length(element.get("action_id"), ID_LENGTH, f"{where}/action_id", least=0)
    if "confirm" in element:
        yield from _confirm(element["confirm"], f"{where}/confirm")


def _button(element: Json, where: str) -> Problems:
    yield from _text(element.get("text"), f"{where}/text", 75, plain=True)
    for name, most in (("value", 2000), ("url", 3000), ("accessibility_label", 75)):
        yield from _length(element.get(name), most, f"{where}/{name}", least=0)
    if element.get("style", "primary") not in {"primary", "danger"}:
        yield _at("must be a valid enum value", f"{where}/style")


def _menu(element: Json, where: str) -> Problems:
    if "placeholder" in element:
        yield from _text(element["placeholder"], f"{where}/placeholder", 150, plain=True)


def _select(element: Json, where: str) -> Problems:
    yield from _menu(element, where)
    groups = element.get("option_groups")
    if groups is None:
        yield from _options(element.get("options"), 100, f"{where}/options")
        return
    yield from _count(groups, 100, f"{where}/option_groups")
    for index, group in enumerate(groups):
        yield from _text(group.get("label"), f"{where}/option_groups/{index}/label", 75, plain=True)
        yield from _options(group.get("options"), 100, f"{where}/option_groups/{index}/options")


def _overflow(element: Json, where: str) -> Problems:
    yield from _options(element.get("options"), 5, f"{where}/options")


def _choices(element: Json, where: str) -> Problems:
    yield from _options(element.get("options"), 10, f"{where}/options")


def _options(options: Any, most: int, where: str) -> Problems:
    yield from _count(options, most, where)
    for index, option in enumerate(options or []):
        spot = f"{where}/{index}"
        yield from _text(option.get("text"), f"{spot}/text", 75)
        yield from _length(option.get("value"), 150, f"{spot}/value")
        if "description" in option:
            yield from _text(option["description"], f"{spot}/description", 75)


def _typed(element: Json, where: str) -> Problems:
    yield from _menu(element, where)
    yield from _length(element.get("initial_value"), 3000, f"{where}/initial_value", least=0)


def _confirm(confirm: Any, where: str) -> Problems:
    if not isinstance(confirm, dict):
        yield _at("must be an object", where)
        return
    for name, most in (("title", 100), ("text", 300), ("confirm", 30), ("deny", 30)):
        yield from _text(confirm.get(name), f"{where}/{name}", most)


_ELEMENTS: dict[str, _Check] = {
    "button": _button,
    "static_select": _select,
    "multi_static_select": _select,
    "users_select": _menu,
    "multi_users_select": _menu,
    "conversations_select": _menu,
    "multi_conversations_select": _menu,
    "channels_select": _menu,
    "external_select": _menu,
    "datepicker": _menu,
    "timepicker": _menu,
    "datetimepicker": _menu,
    "plain_text_input": _typed,
    "number_input": _menu,
    "email_text_input": _menu,
    "url_text_input": _menu,
    "overflow": _overflow,
    "checkboxes": _choices,
    "radio_buttons": _choices,
    "image": _image,
}


# -- small things --


def _text(text: Any, where: str, most: int, *, plain: bool = False) -> Problems:
    kinds = {"plain_text"} if plain else {"plain_text", "mrkdwn"}
    if not isinstance(text, dict):
        yield _at("missing required field: text", where)
    elif text.get("type") not in kinds:
        yield _at(f"must be one of: {', '.join(sorted(kinds))}", f"{where}/type")
    else:
        yield from _length(text.get("text"), most, f"{where}/text")


def _length(text: Any, most: int, where: str, *, least: int = 1) -> Problems:
    if text is None and not least:
        return
    if not isinstance(text, str):
        yield _at("must be a string", where)
    elif len(text) > most:
        yield _at(f"must be less than {most + 1} characters", where)
    elif len(text) < least:
        yield _at(f"must be more than {least - 1} characters", where)


def _count(items: Any, most: int, where: str, *, least: int = 1) -> Problems:
    if not isinstance(items, list):
        yield _at("must be an array", where)
    elif len(items) > most:
        yield _at(f"no more than {most} items allowed", where)
    elif len(items) < least:
        yield _at(f"must have at least {least} items", where)


def _at(what: str, where: str) -> str:
    return f"{what} [json-pointer:{where}]"
