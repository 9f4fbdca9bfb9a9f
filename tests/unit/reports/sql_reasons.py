"""The reasons SQL can write, read off the statements themselves: literals that end in a column of reasons."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

SINKS = frozenset({"reason", "reasons", "exclude_reason", "release_reason"})
"""Columns that hold reasons; a column whose value goes into one of them in the same file is followed as well."""
_TOKEN = re.compile(r"--[^\n]*|'(?:[^']|'')*'|%\(\w+\)s|\"[^\"]*\"|\w+|::|\|\||<>|[^\s\w]")
_WORDS = {
    "case", "when", "then", "else", "end", "as", "null", "filter", "over", "order", "by", "and", "or", "not", "in",
    "is", "distinct", "from", "select", "true", "false", "text", "asc", "desc", "any", "array",
}  # fmt: skip
_OPEN = {")": "(", "]": "["}
_ENDS = {"from", "where", "returning", ";"}


def written(files: Iterable[Path]) -> dict[str, str]:
    """Reason -> the file that writes it, of some SQL files; calls of functions among them are followed."""
    texts = {path: [token for token in _TOKEN.findall(path.read_text()) if token[:2] != "--"] for path in files}
    functions = _functions(texts.values())
    found: dict[str, str] = {}
    for path, tokens in texts.items():
        for literal in _of_file(tokens, functions):
            found.setdefault(literal, path.name)
    return found


def _of_file(tokens: list[str], functions: dict[str, list[str]]) -> Iterator[str]:
    wanted, done = set(SINKS), set[str]()
    while wanted - done:
        sink = min(wanted - done)
        done.add(sink)
        for expression in [*_aliased(tokens, sink), *_assigned(tokens, sink), *_listed(tokens, sink)]:
            yield from _passed_through(expression)
            for kind, value in _values(expression):
                if kind == "literal" and value:
                    yield value
                elif kind == "call":
                    yield from _returned(functions.get(value, []))
                elif kind == "column":
                    wanted.add(value)


def _aliased(tokens: list[str], sink: str) -> Iterator[list[str]]:
    """Expressions in `expression AS sink`."""
    for at in range(1, len(tokens) - 1):
        if tokens[at].lower() == "as" and tokens[at + 1] == sink:
            yield tokens[_begin(tokens, at - 1) : at]


def _assigned(tokens: list[str], sink: str) -> Iterator[list[str]]:
    """Expressions in `SET sink = expression`; a comparison is none."""
    for at in range(1, len(tokens) - 2):
        if tokens[at] == sink and tokens[at + 1] == "=" and tokens[at - 1].lower() in ("set", ","):
            end, depth = at + 2, 0
            while end < len(tokens) and not (depth == 0 and (tokens[end] == "," or tokens[end].lower() in _ENDS)):
                depth += (tokens[end] == "(") - (tokens[end] == ")")
                end += 1
            yield tokens[at + 2 : end]


def _listed(tokens: list[str], sink: str) -> Iterator[list[str]]:
    """Expressions that `(SELECT …) AS name (first, sink)` names by their place."""
    for at in range(3, len(tokens)):
        if tokens[at] != sink or tokens[at - 1] not in ("(", ","):
            continue
        opened = max((place for place in range(3, at) if tokens[place] == "("), default=0)
        if opened and tokens[opened - 2].lower() == "as" and tokens[opened - 3] == ")":
            place = tokens[opened:at].count(",")
            inside = tokens[_match(tokens, opened - 3) : opened - 3]
            for select in [here for here, token in enumerate(inside) if token.lower() == "select"]:
                items = inside[select + 1 :]
                yield _item(items, place)


def _item(tokens: list[str], place: int) -> list[str]:
    items: list[list[str]] = [[]]
    depth = 0
    for token in tokens:
        depth += (token == "(") - (token == ")")
        if depth < 0 or (depth == 0 and token.lower() in ("from", "union")):
            break
        if depth == 0 and token == ",":
            items.append([])
        else:
            items[-1].append(token)
    return items[place] if place < len(items) else []


def _begin(tokens: list[str], at: int) -> int:
    """Where the expression that ends at a token begins."""
    token = tokens[at].lower()
    if token == "end":
        depth = 0
        while True:
            depth += (tokens[at].lower() == "end") - (tokens[at].lower() == "case")
            if depth == 0:
                return at
            at -= 1
    if token in _OPEN:
        at = _match(tokens, at)
        before = tokens[at - 1].lower()
        if token == "]" or before in ("filter", "over"):
            return _begin(tokens, at - (2 if before in ("filter", "over") else 1))
        return at - 1 if re.fullmatch(r"\w+", before) and before not in _ENDS | {"select"} else at
    if tokens[at - 1] == "::":
        return _begin(tokens, at - 2)
    return at


def _match(tokens: list[str], at: int) -> int:
    close = tokens[at]
    depth = 0
    while True:
        depth += (tokens[at] == close) - (tokens[at] == _OPEN[close])
        if depth == 0:
            return at
        at -= 1


def _passed_through(expression: list[str]) -> Iterator[str]:
    """Literals of `WHEN x IN ('a', 'b') THEN x`: there the value of a fact is the reason."""
    joined = " ".join(expression)
    for found in re.finditer(r"WHEN (\w+ \. \w+) IN \(([^)]*)\) THEN \1", joined):
        yield from re.findall(r"'(\w+)'", found[2])


def _values(expression: list[str]) -> Iterator[tuple[str, str]]:
    """What an expression may come to: literals, columns and calls; conditions, orders and filters are none of it."""
    skipped: list[bool] = []  # of each CASE and parenthesis around a token: whether it stands in what is no value
    for at, token in enumerate(expression):
        word, before = token.lower(), expression[at - 1].lower() if at else ""
        if word == "case" or token == "(":
            skipped.append(word == "case" or before in ("filter", "over"))
        elif word == "end" or token == ")":
            skipped.pop()
        elif word in ("when", "then", "else", "order"):
            skipped[-1:] = [word in ("when", "order")]
        elif any(skipped):
            continue
        elif token[0] == "'" and before != ">":  # the key of a JSON value is none
            yield "literal", token.strip("'").strip("{}").rstrip(": ")
        elif re.fullmatch(r"[a-z]\w*", token) and word not in _WORDS and before != "::":
            after = expression[at + 1] if at + 1 < len(expression) else ""
            if after != ".":
                yield ("call" if after == "(" else "column"), token


def _functions(texts: Iterable[list[str]]) -> dict[str, list[str]]:
    """Bodies of the functions that are created, by name without schema."""
    found: dict[str, list[str]] = {}
    for tokens in texts:
        for at, token in enumerate(tokens):
            if token.lower() == "function" and tokens[at - 1].lower() in ("create", "replace"):
                name = tokens[at + 3] if tokens[at + 2] == "." else tokens[at + 1]
                marks = [place for place in range(at, len(tokens) - 1) if tokens[place : place + 2] == ["$", "$"]][:2]
                if len(marks) == 2:
                    found.setdefault(name, []).extend(tokens[marks[0] + 2 : marks[1]])
    return found


def _returned(body: list[str]) -> Iterator[str]:
    for at, token in enumerate(body):
        if token[0] == "'" and body[at - 1].lower() in ("then", "else"):
            yield token.strip("'")
