"""YAML read strictly: no doubled keys, no aliases, nothing mangled; an error names file, key and remedy."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError

from touchpoint.errors import ConfigError
from touchpoint.statements import ROOT

T = TypeVar("T", bound=BaseModel)
_MANGLED = re.compile(
    r"^([-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?|0[0-7_]+|\d{4}-\d\d?-\d\d?.*|[Yy]es|YES|[Nn]o|NO|[YyNn])$"
)


class _StrictLoader(yaml.SafeLoader):
    """YAML that refuses duplicate keys, anchors and what YAML 1.1 would mangle; `on` and `off` stay words."""


def _plain_scalar(loader: _StrictLoader, node: yaml.ScalarNode) -> object:
    if node.style is None and _MANGLED.match(node.value):
        raise ConfigError(
            f"{node.value!r} is not what YAML makes of it",
            place=f"{node.start_mark.name}:{node.start_mark.line + 1}",
            remedy=f'quote it: "{node.value}"',
        )
    if node.style is None and node.value in ("on", "off", "On", "Off", "ON", "OFF"):
        return node.value.lower()
    tag = node.tag.rpartition(":")[2]
    build: dict[str, Callable[[yaml.ScalarNode], object]] = {
        "bool": loader.construct_yaml_bool,
        "int": loader.construct_yaml_int,
        "float": loader.construct_yaml_float,
        "null": loader.construct_yaml_null,
    }
    return build[tag](node) if tag in build else loader.construct_scalar(node)


def _mapping(loader: _StrictLoader, node: yaml.MappingNode) -> dict[object, object]:
    found: dict[object, object] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in found:
            raise ConfigError(
                f"duplicate key {key!r}",
                place=f"{key_node.start_mark.name}:{key_node.start_mark.line + 1}",
                remedy="keep one of them",
            )
        found[key] = loader.construct_object(value_node, deep=True)
    return found


for _tag in ("bool", "int", "float", "null", "str", "timestamp"):
    _StrictLoader.add_constructor(f"tag:yaml.org,2002:{_tag}", _plain_scalar)
_StrictLoader.add_constructor("tag:yaml.org,2002:map", _mapping)


def _refuse_alias(loader: _StrictLoader, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
    if loader.check_event(yaml.AliasEvent):
        event = loader.peek_event()  # type: ignore[no-untyped-call]
        raise ConfigError(
            f"alias *{event.anchor}",
            place=f"{event.start_mark.name}:{event.start_mark.line + 1}",
            remedy="write the value out: anchors and aliases are refused",
        )
    return yaml.SafeLoader.compose_node(loader, parent, index)


_StrictLoader.compose_node = _refuse_alias  # type: ignore[assignment]


def read_yaml(path: Path) -> Any:
    """The content of a YAML file.

    Raises:
        ConfigError: no such file, not UTF-8, no YAML, a duplicate key, or a scalar that needs quotes.
    """
    place = shown(path)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ConfigError("no such file", place=place, remedy="create it or correct the name") from error
    except UnicodeDecodeError as error:
        raise ConfigError("not UTF-8", place=place, remedy="save it as UTF-8") from error
    return yaml_of_text(text, place)


def yaml_of_text(text: str, place: str = "") -> Any:
    """The content of YAML text, read as strictly as a file.

    Raises:
        ConfigError: no YAML, a duplicate key, or a scalar that needs quotes.
    """
    loader = _StrictLoader(text)
    loader.name = place
    try:
        return loader.get_single_data()
    except yaml.YAMLError as error:
        raise ConfigError(f"no YAML: {error}", place=place, remedy="correct the syntax") from error
    finally:
        loader.dispose()


def parse_config(kind: type[T], content: object, path: Path) -> T:
    """A configuration object from what a file holds.

    Raises:
        ConfigError: naming the file, the first wrong key, and what to do.
    """
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        thing, remedy = _explain(kind, error)
        raise ConfigError(thing, place=shown(path), remedy=remedy) from error


def _explain(kind: type[BaseModel], error: ValidationError) -> tuple[str, str]:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"]) or "(file)"
    if first["type"] == "extra_forbidden":
        return f"unknown key {key!r}", f"known keys: {', '.join(_known_keys(kind, first['loc']))}"
    if first["type"] == "missing":
        return f"missing key {key!r}", "add it"
    return f"key {key!r} is wrong", first["msg"].removeprefix("Value error, ")


def _known_keys(kind: type[BaseModel], place: tuple[int | str, ...]) -> list[str]:
    """Keys of the object, nested or not, that the last part of a place was looked for in."""
    for part in place[:-1]:
        found = {known.alias or name: known for name, known in kind.model_fields.items()}.get(str(part))
        nested = _models(found.annotation) if found else []
        kind = nested[0] if nested else kind
    return [known.alias or name for name, known in kind.model_fields.items()]


def _models(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in get_args(annotation) for model in _models(inner)]


def shown(path: Path) -> str:
    """A path as people know it: below the repository's root where it lies there."""
    try:
        return path.resolve().relative_to(ROOT).as_posix()
    except ValueError:
        return path.name


def content_hash(content: object) -> str:
    """SHA-256 of a configuration value, hex, independent of key order."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str, ensure_ascii=False).encode()).hexdigest()
