"""Statements live in include/sql, one a file; this loads them, reads their header and binds names, never values.

Header, six keys in this order: purpose, grain, params, reads, writes, returns. `params` lists `name type` pairs. One
of type `relation` or `columns` stands in the text as `__name__` and is replaced by quoted identifiers;
`__alias.name__` puts the alias before each column. One of type `each` names columns too: the call it is the first
argument of is written once for each of them, with commas between; `name:word` brings a word along, as the next
argument. One of type `statement` names another statement, put in as a sub-select: its own parameters must be among
those of the outer one. One of type `queries` takes texts of statements bound before (Transaction.literal), all of the
same columns, put in as one sub-select with UNION ALL between them.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from touchpoint.errors import StatementError

ROOT = Path(__file__).resolve().parents[2]
SQL_ROOT = ROOT / "include" / "sql"
HEADER_KEYS = ("purpose", "grain", "params", "reads", "writes", "returns")
RETURNS = ("many", "one", "maybe", "count", "nothing")
_IDENTIFIER = re.compile(r"^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?$")


@dataclass(frozen=True)
class Statement:
    """One statement file: its name (path below include/sql without .sql), header and text."""

    name: str
    text: str
    header: dict[str, str]
    params: dict[str, str]

    @property
    def digest(self) -> str:
        """SHA-256 of the file, hex: what a recompute compares to name a difference `code`."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def bind(self, given: dict[str, object]) -> tuple[str, dict[str, object]]:
        """The text with its relations put in, and the values for the driver.

        Raises:
            StatementError: a parameter is missing or not in the header, or a relation is no plain identifier.
        """
        if set(given) != set(self.params):
            missing, extra = sorted(set(self.params) - set(given)), sorted(set(given) - set(self.params))
            raise StatementError(
                f"called with missing parameters {missing} and unknown ones {extra}",
                place=f"include/sql/{self.name}.sql",
                remedy="pass exactly what its header lists",
            )
        text, values = self.text, {}
        # Statements first, in the header's order: what they bring may name relations and further statements.
        for key in sorted(self.params, key=lambda name: self.params[name] != "statement"):
            kind, value = self.params[key], given[key]
            if kind == "relation":
                text = text.replace(f"__{key}__", quote(str(value)))
            elif kind == "columns":
                text = _put_columns(text, key, value if isinstance(value, list | tuple) else [value])
            elif kind == "each":
                text = _put_calls(text, key, value if isinstance(value, list | tuple) else [value])
            elif kind == "statement":
                text = self._put_statement(text, key, load(str(value)))
            elif kind == "queries":
                text = _put_queries(text, key, value if isinstance(value, list) else [value])
            else:
                values[key] = value
        return text, values

    @property
    def body(self) -> str:
        """The text without its header."""
        return without_header(self.text)

    def _put_statement(self, text: str, key: str, inner: Statement) -> str:
        foreign = sorted(set(inner.params) - set(self.params))
        if foreign:
            raise StatementError(
                f"{inner.name} needs {foreign}",
                place=f"include/sql/{self.name}.sql",
                remedy="list them among its own params",
            )
        return text.replace(f"__{key}__", f"(\n{inner.body}\n)")


def without_header(text: str) -> str:
    """A statement's text from its first line that is no comment."""
    lines = text.splitlines(keepends=True)
    while lines and lines[0].startswith("--"):
        lines.pop(0)
    return "".join(lines).strip()


def _put_columns(text: str, key: str, names: list[object] | tuple[object, ...]) -> str:
    quoted = [quote(str(name)) for name in names]

    def listed(match: re.Match[str]) -> str:
        return ", ".join(f"{match[1]}.{name}" if match[1] else name for name in quoted)

    return re.sub(rf"__(?:([a-z_]+)\.)?{key}__", listed, text)


def _put_calls(text: str, key: str, names: list[object] | tuple[object, ...]) -> str:
    def called(match: re.Match[str]) -> str:
        calls = []
        for given in names:
            name, _, word = str(given).partition(":")
            argument = f"{match[2]}.{quote(name)}" if match[2] else quote(name)
            calls.append(f"{match[1]}({argument}{f', {_word(word)}' if word else ''}{match[3]})")
        return ", ".join(calls)

    return re.sub(rf"([a-z_.]+)\(__(?:([a-z_]+)\.)?{key}__([^()]*)\)", called, text)


def _word(word: str) -> str:
    return quote(word).replace('"', "'")


def _put_queries(text: str, key: str, queries: list[object]) -> str:
    # Bound already: what is a percent sign by now is one.
    joined = "\nUNION ALL\n".join(str(query) for query in queries).replace("%", "%%")
    return text.replace(f"__{key}__", f"(\n{joined}\n)")


def quote(identifier: str) -> str:
    """A plain, optionally schema-qualified identifier in double quotes; anything else is refused."""
    if not _IDENTIFIER.match(identifier):
        raise StatementError(f"{identifier!r} is no plain identifier", remedy="use lower-case letters, digits and _")
    return ".".join(f'"{part}"' for part in identifier.split("."))


@cache
def load(name: str) -> Statement:
    """The statement include/sql/<name>.sql.

    Raises:
        StatementError: no such file, or a malformed header.
    """
    path = SQL_ROOT / f"{name}.sql"
    if not path.is_file():
        raise StatementError("no such statement", place=f"include/sql/{name}.sql", remedy="check the name")
    text = path.read_text(encoding="utf-8")
    header = _header(name, text)
    return Statement(name=name, text=text, header=header, params=_params(name, header["params"]))


@cache
def schema_digest() -> str:
    """SHA-256 of all migrations, hex: what functions of the database mean may change with each."""
    found = hashlib.sha256()
    for path in sorted((SQL_ROOT / "schema").glob("*.sql")):
        found.update(path.read_bytes())
    return found.hexdigest()


def names(folder: str = "") -> list[str]:
    """Names of all statements below a folder, migrations left out, sorted."""
    found = (path.relative_to(SQL_ROOT).with_suffix("").as_posix() for path in (SQL_ROOT / folder).rglob("*.sql"))
    return sorted(name for name in found if not name.startswith("schema/"))


def _header(name: str, text: str) -> dict[str, str]:
    header: dict[str, str] = {}
    key = ""
    for line in text.splitlines():
        if not line.startswith("--"):
            break
        body = line[2:].strip()
        head, colon, rest = body.partition(":")
        if colon and head in HEADER_KEYS:
            key = head
            header[key] = rest.strip()
        elif key:
            header[key] = f"{header[key]} {body}".strip()
    if tuple(header) != HEADER_KEYS or header["returns"].split()[0] not in RETURNS:
        raise StatementError(
            f"header has {list(header)}",
            place=f"include/sql/{name}.sql",
            remedy=f"give {', '.join(HEADER_KEYS)} in this order; returns is one of {', '.join(RETURNS)}",
        )
    return header


def _params(name: str, text: str) -> dict[str, str]:
    if text == "none":
        return {}
    pairs = [pair.split() for pair in text.split(",")]
    if any(len(pair) != 2 for pair in pairs):
        raise StatementError(
            f"params {text!r} are not `name type` pairs",
            place=f"include/sql/{name}.sql",
            remedy="write none if there are none",
        )
    return {pair[0]: pair[1] for pair in pairs}
