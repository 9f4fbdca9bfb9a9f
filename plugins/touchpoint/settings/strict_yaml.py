"""YAML text to values, strictly: whatever the text holds, it is a value or one error with line and remedy."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable
from typing import Any, ClassVar

import yaml

from touchpoint.errors import ConfigError

DEEPEST = 40
"""Levels of brackets or indentation: no file of ours has ten, and Python itself gives up at some hundred."""
_MANGLED = re.compile(
    r"^([-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?|0[0-7_]+|\d{4}-\d\d?-\d\d?.*|[Yy]es|YES|[Nn]o|NO|[YyNn])$"
)
_ALLOWED_CONTROLS = "\t\n"


class _StrictLoader(yaml.SafeLoader):
    """YAML that refuses duplicate keys, tags, anchors and what YAML 1.1 would mangle; `on` and `off` stay words."""

    yaml_constructors: ClassVar[dict[Any, Any]] = {}  # the library's own (!!binary, !!set, …) are not taken over
    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """A node, unless it is an alias, bears a tag, or lies too deep."""
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent):
            raise _refusal(event, f"alias *{event.anchor}", "write the value out: anchors and aliases are refused")
        if getattr(event, "tag", None) is not None:
            raise _refusal(event, f"tag {event.tag!r}", "leave it out: quotes make a text, and nothing else is needed")
        self.depth += 1
        if self.depth > DEEPEST:
            raise _refusal(event, f"more than {DEEPEST} levels deep", "take brackets or indentation out")
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1


def yaml_of_text(text: str, place: str = "") -> Any:
    """The content of YAML text, read as strictly as a file.

    Raises:
        ConfigError: no YAML, a duplicate key, a scalar that needs quotes, a control character, or nested too deep; with
            the line, behind the place.
    """
    try:
        loader = _StrictLoader(text)
        loader.name = place
        return loader.get_single_data()
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise ConfigError(
            f"control character U+{error.character:04X}", place=f"{place}:{line}", remedy="delete it"
        ) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{place}:{mark.line + 1}" if mark else place
        said = ", ".join(part for part in (error.context, error.problem) if part)
        raise ConfigError(f"no YAML: {said}", place=where, remedy="correct the syntax") from error
    except (ValueError, OverflowError) as error:  # an escape beyond Unicode: the scanner builds it unasked
        where = f"{place}:{loader.line + 1}"
        raise ConfigError("a character or number that does not exist", place=where, remedy="correct it") from error


def _refusal(at: yaml.Event | yaml.Node, thing: str, remedy: str) -> ConfigError:
    mark: Any = at.start_mark
    return ConfigError(thing, place=f"{mark.name}:{mark.line + 1}", remedy=remedy)


def _scalar(loader: _StrictLoader, node: yaml.ScalarNode) -> object:
    if node.style is not None:
        return _text(node)
    if _MANGLED.match(node.value):
        raise _refusal(node, f"{node.value!r} is not what YAML makes of it", f'quote it: "{node.value}"')
    if node.value in ("on", "off", "On", "Off", "ON", "OFF"):
        return node.value.lower()
    tag = node.tag.rpartition(":")[2]
    build: dict[str, Callable[[yaml.ScalarNode], object]] = {
        "bool": loader.construct_yaml_bool,
        "int": loader.construct_yaml_int,
        "float": loader.construct_yaml_float,
        "null": loader.construct_yaml_null,
    }
    if tag not in build:
        return _text(node)
    try:
        value = build[tag](node)
    except ValueError as error:
        raise _refusal(node, "a number that cannot be read", "write it in fewer digits, or quote it") from error
    if isinstance(value, float) and not math.isfinite(value):
        raise _refusal(node, f"{node.value!r} is no number", "write a finite one, or quote it")
    return value


def _text(node: yaml.ScalarNode) -> str:
    """A scalar's text; escapes may hide what a file may not hold, and a database does not take it."""
    for char in node.value:
        if unicodedata.category(char) in ("Cc", "Cs") and char not in _ALLOWED_CONTROLS:
            raise _refusal(node, f"control character U+{ord(char):04X}", "delete it")
    return str(node.value)


def _mapping(loader: _StrictLoader, node: yaml.MappingNode) -> dict[object, object]:
    found: dict[object, object] = {}
    for key_node, value_node in node.value:
        if not isinstance(key_node, yaml.ScalarNode):
            raise _refusal(key_node, "a list or a mapping as a key", "write a word before the colon")
        key = loader.construct_object(key_node, deep=True)
        if key in found:
            raise _refusal(key_node, f"duplicate key {key!r}", "keep one of them")
        found[key] = loader.construct_object(value_node, deep=True)
    return found


def _list(loader: _StrictLoader, node: yaml.SequenceNode) -> list[object]:
    return [loader.construct_object(each, deep=True) for each in node.value]


def _unknown(loader: _StrictLoader, node: yaml.Node) -> object:
    raise _refusal(node, f"{getattr(node, 'value', '')!r} means something of its own in YAML", "quote it")


for _tag in ("bool", "int", "float", "null", "str", "timestamp"):
    _StrictLoader.add_constructor(f"tag:yaml.org,2002:{_tag}", _scalar)
_StrictLoader.add_constructor("tag:yaml.org,2002:map", _mapping)
_StrictLoader.add_constructor("tag:yaml.org,2002:seq", _list)
_StrictLoader.add_constructor(None, _unknown)
