"""Statements are what their headers say, one a file, ask no wall clock, and none is dead."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from touchpoint import statements
from touchpoint.errors import StatementError
from touchpoint.statements import HEADER_KEYS, ROOT, SQL_ROOT, Statement, load, names

PUT_IN = {
    "checks/failing": ["checks/rows", "checks/cells"],
    "features/make": ["scope"],
    "features/make_series": ["scope"],
    "features/tag": ["tags"],
    "features/keep_rows": ["scope"],
    "checks/examples": ["checks/failing"],
    "load/quarantine_failing": ["checks/failing"],
    "load/stage": ["load/typed"],
    "tagging/effective": ["tagging/said", "tagging/said_of_brand"],
    "tagging/heads": ["tagging/effective"],
    "tagging/make_effective": ["tagging/effective"],
    "narrow/fill": ["narrow/joined"],
    "narrow/make_order_versions": ["narrow/orders_of_all", "narrow/orders_of_touched"],
    "narrow/make_versions": ["narrow/joined"],
}
"""Which statements are put into others: a parameter of theirs may be all that the outer one lists it for."""

READ_THROUGH_SCOPES = ["scope"]
"""What statements of tags, and of segments that ask for purchases, have put in."""

OFFERED = {"features/tag": ["series stands only in the header"]}
"""What tags may ask for by header, though none of those there are does."""

RUN_BY_TESTS_ALONE = {
    "checks/schema/uncommented": "holds the schema itself to its rule",
}

_WALL_CLOCK_IN_SQL = re.compile(
    r"\b(now|transaction_timestamp|statement_timestamp|timeofday)\s*\(|\b(current_(date|time|timestamp)|localtime(stamp)?)\b",
    re.IGNORECASE,
)
_OWN_CLOCK_IN_SQL = re.compile(r"\bclock_timestamp\s*\(", re.IGNORECASE)


def code_of(text: str) -> str:
    """SQL without its comments and the words it quotes."""
    return re.sub(r"'(?:[^']|'')*'", "''", re.sub(r"--[^\n]*", "", text))


# What is held is a function of text each time, so that it can be shown to find what it looks for.


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"%\((\w+)\)s", text))


def identifiers(text: str) -> set[str]:
    return set(re.findall(r"__(?:[a-z_]+\.)?([a-z]+(?:_[a-z]+)*)__", text))


def unkept_params(statement: Statement, put_in: Iterable[Statement] = ()) -> list[str]:
    """Parameters in the header and nowhere else, or in the text and not in the header."""
    text = code_of(statement.text)
    written = placeholders(statement.text) | identifiers(text)
    lent = {name for inner in put_in for name in inner.params}
    named = {
        name
        for name, kind in statement.params.items()
        if kind in ("relation", "columns", "each", "statement", "queries")
    }
    return sorted(
        {f"{name} stands only in the header" for name in set(statement.params) - written - lent}
        | {f"{name} is not in the header" for name in written - set(statement.params)}
        | {f"{name} is a value, named as an identifier" for name in identifiers(text) & set(statement.params) - named}
        | {f"{name} is an identifier, passed as a value" for name in placeholders(text) & named}
    )


def put_into(name: str) -> Iterator[Statement]:
    # Every tag reads through scopes, as the features do.
    for folder in READ_THROUGH_SCOPES if name.startswith(("tags/", "segments/")) else PUT_IN.get(name, []):
        for inner in names(folder) if (SQL_ROOT / folder).is_dir() else [folder]:
            yield load(inner)
            yield from put_into(inner)


def wall_clock_in_sql(name: str, text: str) -> list[str]:
    found = [match[0] for match in _WALL_CLOCK_IN_SQL.finditer(code_of(text))]
    if not name.startswith("outbox/"):
        found += [match[0] for match in _OWN_CLOCK_IN_SQL.finditer(code_of(text))]
    return found


def wall_clock_in_schema(text: str) -> list[str]:
    defaults = re.sub(r"\bDEFAULT now\(\)", "", code_of(text))
    return wall_clock_in_sql("schema", defaults)


def count_statements(text: str) -> int:
    return len([part for part in code_of(text).split(";") if part.strip()])


def ways_of_naming(sources: Iterable[str]) -> list[re.Pattern[str]]:
    """How Python names statements: in full, or by a folder and a word that it works out."""
    found = []
    for source in sources:
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and "/" in node.value:
                found.append(re.compile(re.escape(node.value)))
            elif isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
                parts = [
                    re.escape(str(part.value)) if isinstance(part, ast.Constant) else rf"(?P<word_{place}>\w+)"
                    for place, part in enumerate(node.values)
                ]
                if "/" in parts[0]:
                    found.append(re.compile("".join(parts)))
    return found


def words_of(sources: Iterable[str], settings: Iterable[str]) -> set[str]:
    """Words a name may be worked out from: string constants of Python, words of the configuration."""
    words = {word for text in settings for word in re.findall(r"\w+", text)}
    for source in sources:
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                words.add(node.value)
    return words


def unnamed(known: Iterable[str], sources: list[str], settings: list[str]) -> list[str]:
    """Statements that nothing names: dead ones."""
    patterns, words = ways_of_naming(sources), words_of(sources, settings)

    def is_named(name: str) -> bool:
        matches = [match for pattern in patterns if (match := pattern.fullmatch(name))]
        return any(words.issuperset(match.groupdict().values()) for match in matches)

    return [name for name in known if not is_named(name)]


def statement_of(params: str, text: str) -> Statement:
    keys = {**dict.fromkeys(HEADER_KEYS, "x"), "params": params, "returns": "many"}
    header = "".join(f"-- {key}: {value}\n" for key, value in keys.items())
    pairs = [] if params == "none" else [pair.split() for pair in params.split(",")]
    return Statement("made/up", header + text, keys, dict(pairs))


@pytest.mark.parametrize("name", names())
def test_a_statement_loads_is_one_and_keeps_to_its_header(name: str) -> None:
    statement = load(name)
    assert tuple(statement.header) == HEADER_KEYS
    assert unkept_params(statement, put_into(name)) == OFFERED.get(name, [])
    assert count_statements(statement.text) == 1
    assert ";" not in code_of(statement.text)
    assert wall_clock_in_sql(name, statement.text) == []
    assert len(statement.text.splitlines()) <= 120


def test_a_header_without_all_six_keys_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "halved.sql").write_text("-- purpose: x\n-- grain: x\nSELECT 1\n")
    monkeypatch.setattr(statements, "SQL_ROOT", tmp_path)
    with pytest.raises(StatementError, match="purpose"):
        load("halved")


def test_the_guard_of_parameters_finds_both_directions() -> None:
    kept = statement_of("at timestamptz, found relation", "SELECT %(at)s::timestamptz FROM __found__")
    assert unkept_params(kept) == []
    assert unkept_params(statement_of("at timestamptz", "SELECT 1")) == ["at stands only in the header"]
    assert unkept_params(statement_of("none", "SELECT %(at)s")) == ["at is not in the header"]
    assert unkept_params(statement_of("none", "SELECT __lines.keys__ FROM x")) == ["keys is not in the header"]
    assert unkept_params(statement_of("found text", "SELECT 1 FROM __found__")) == [
        "found is a value, named as an identifier"
    ]
    assert unkept_params(statement_of("found relation", "SELECT %(found)s")) == [
        "found is an identifier, passed as a value"
    ]


def test_the_guard_of_single_statements_counts() -> None:
    assert count_statements("-- a; b\nSELECT ';'\n") == 1
    assert count_statements("SELECT 1; SELECT 2") == 2


@pytest.mark.parametrize("path", sorted((SQL_ROOT / "schema").glob("*.sql")), ids=lambda path: path.stem)
def test_the_schema_asks_the_time_only_as_a_default(path: Path) -> None:
    assert wall_clock_in_schema(path.read_text(encoding="utf-8")) == []


def test_the_guard_of_time_in_sql_finds_it() -> None:
    assert wall_clock_in_sql("load/x", "SELECT now(), Current_Date, clock_timestamp()") == [
        "now(",
        "Current_Date",
        "clock_timestamp(",
    ]
    assert wall_clock_in_sql("outbox/x", "SELECT clock_timestamp(), localtimestamp") == ["localtimestamp"]
    assert wall_clock_in_sql("load/x", "SELECT 'now()' -- now()") == []
    assert wall_clock_in_schema("a timestamptz DEFAULT now(), b date CHECK (b < current_date)") == ["current_date"]


def test_every_statement_is_named_by_python() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "plugins").rglob("*.py")]
    settings = [path.read_text(encoding="utf-8") for path in (ROOT / "config").rglob("*.yaml")]
    assert unnamed(names(), sources, settings) == sorted(RUN_BY_TESTS_ALONE)
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests" / "sql").rglob("*.py"))
    assert [name for name in RUN_BY_TESTS_ALONE if f'"{name}"' not in tests] == []


def test_the_guard_of_dead_statements_finds_one() -> None:
    python = ["""tx.many("load/one"); tx.many(f"load/typed/{entity}"); ENTITY = "order" """]
    known = ["load/one", "load/typed/order", "load/typed/member", "load/typed/refund", "load/two"]
    assert unnamed(known, python, ["audience: member"]) == ["load/typed/refund", "load/two"]
    python = ["""SCOPE = "all"; tx.many(f"scope/{scope}/{name}", of="lines")"""]
    assert unnamed(["scope/all/lines", "scope/all/events"], python, []) == ["scope/all/events"]
