"""YAML read strictly: no doubled keys, no aliases, nothing mangled; an error names file, key and remedy."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from touchpoint.errors import ConfigError
from touchpoint.settings.strict_yaml import yaml_of_text
from touchpoint.statements import ROOT

__all__ = ["content_hash", "parse_config", "read_text", "read_yaml", "shown", "yaml_of_text"]
T = TypeVar("T", bound=BaseModel)
LARGEST = 256 * 1024
"""Bytes of a configuration file: YAML is read at some hundred KB a second, and every process reads them all."""
LONGEST_MESSAGE = 400


def read_text(path: Path) -> str:
    """A configuration file's text, without the mark some editors put before it.

    Raises:
        ConfigError: no such file, no file at all, not readable, too large, or not UTF-8.
    """
    place = shown(path)
    try:
        if path.exists() and not path.is_file():  # a folder; a pipe would never end
            raise ConfigError("not a file", place=place, remedy="rename or remove it: a file is looked for here")
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except FileNotFoundError as error:
        raise ConfigError("no such file", place=place, remedy="create it or correct the name") from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigError(f"it cannot be read ({reason})", place=place, remedy="mend its rights or its link") from error
    if len(content) > LARGEST:
        remedy = "no configuration needs so much: was another file saved under its name?"
        raise ConfigError(f"larger than {LARGEST // 1024} KiB", place=place, remedy=remedy)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError("not UTF-8", place=f"{place}:{line}", remedy="save it as UTF-8") from error


def read_yaml(path: Path) -> Any:
    """The content of a YAML file.

    Raises:
        ConfigError: it cannot be read as text or as YAML (`read_text`, `yaml_of_text`).
    """
    return yaml_of_text(read_text(path), shown(path))


def parse_config(kind: type[T], content: object, path: Path) -> T:
    """A configuration object from what a file holds.

    Raises:
        ConfigError: naming the file, the first wrong key, and what to do.
    """
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        thing, remedy = _explain(kind, error)
        raise ConfigError(thing[:LONGEST_MESSAGE], place=shown(path), remedy=remedy[:LONGEST_MESSAGE]) from error


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
    """A path as people know it: below the repository's root where it lies there; bytes that are no text, escaped."""
    try:
        known = path.resolve().relative_to(ROOT).as_posix()
    except (ValueError, OSError, RuntimeError):  # lies elsewhere, or links in a circle
        known = path.name
    return known.encode("utf-8", "backslashreplace").decode()


def content_hash(content: object) -> str:
    """SHA-256 of a configuration value, hex, independent of key order."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str, ensure_ascii=False).encode()).hexdigest()
