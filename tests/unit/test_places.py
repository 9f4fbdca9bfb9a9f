"""SQL stands in include/sql and the time is asked in clock.py: nowhere else."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from touchpoint.statements import ROOT

PLUGINS = ROOT / "plugins"

SQL_IN_PYTHON = {
    "touchpoint/local/postgres.py": "makes the database: its name is no parameter, and none is there to bind it",
}

# SET TRANSACTION and the like are not looked for: sentences begin with Set.
_BEGINS_AS_SQL = re.compile(
    r"\s*(--.*\n\s*)*(SELECT\s|INSERT\s+INTO\s|UPDATE\s+\S+\s+(AS\s+\S+\s+)?SET\s|DELETE\s+FROM\s|MERGE\s+INTO\s|TRUNCATE\s"
    r"|(CREATE|ALTER|DROP)\s+(TABLE|INDEX|VIEW|SCHEMA|FUNCTION|DATABASE|ROLE|TEMPORARY|UNIQUE|MATERIALIZED|UNLOGGED)\s"
    r"|WITH\s+(RECURSIVE\s+)?\S+\s+AS\s+(MATERIALIZED\s+)?\()"
)
_OF_THE_TIME = {
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
    "Timestamp": {"now", "utcnow", "today"},
    "pendulum": {"now", "today", "yesterday", "tomorrow"},
    "timezone": {"utcnow"},
    "time": {"time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "gmtime", "localtime"},
}


def sql_in_python(text: str) -> list[str]:
    return [
        node.value.split("\n")[0]
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _BEGINS_AS_SQL.match(node.value)
    ]


def wall_clock_in_python(text: str) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Attribute):
            owner = node.value
            last = owner.attr if isinstance(owner, ast.Attribute) else owner.id if isinstance(owner, ast.Name) else ""
            if node.attr in _OF_THE_TIME.get(last, ()):
                found.append(f"{last}.{node.attr}")
        elif isinstance(node, ast.Import | ast.ImportFrom):
            # Under another name it would pass unseen.
            renamed = [alias for alias in node.names if alias.asname and alias.name in _OF_THE_TIME]
            found += [f"{alias.name} as {alias.asname}" for alias in renamed]
            if isinstance(node, ast.ImportFrom) and node.module == "time":
                found += [f"time.{alias.name}" for alias in node.names if alias.name in _OF_THE_TIME["time"]]
    return found


def python_files(*, but: Iterable[str] = ()) -> list[Path]:
    return [path for path in sorted(PLUGINS.rglob("*.py")) if path.relative_to(PLUGINS).as_posix() not in set(but)]


def findings_of(paths: Iterable[Path], check: Callable[[str], list[str]]) -> dict[str, list[str]]:
    found = {path.relative_to(ROOT).as_posix(): check(path.read_text(encoding="utf-8")) for path in paths}
    return {path: what for path, what in found.items() if what}


def test_python_holds_no_sql() -> None:
    assert findings_of(python_files(but=SQL_IN_PYTHON), sql_in_python) == {}
    assert set(findings_of([PLUGINS / path for path in SQL_IN_PYTHON], sql_in_python)) == {
        f"plugins/{path}" for path in SQL_IN_PYTHON
    }


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1",
        "\n    INSERT INTO facts.orders VALUES (1)",
        "UPDATE facts.orders AS orders SET a = 1",
        "DELETE FROM ledger.touch",
        "CREATE TABLE a (b int)",
        "-- why\nSELECT 1",
        "WITH a AS (SELECT 1) SELECT * FROM a",
    ],
)
def test_the_guard_of_sql_in_python_finds_it(text: str) -> None:
    assert sql_in_python(f"run({text!r})") != []
    assert sql_in_python(f"run(f{text + ' {x}'!r})") != []


def test_the_guard_of_sql_in_python_lets_sentences_pass() -> None:
    assert sql_in_python("ACTIONS = ('CREATE', 'Update the set', 'Select one', 'create it or correct the name')") == []


def test_nobody_asks_the_wall_clock_but_the_clock() -> None:
    assert findings_of(python_files(but=["touchpoint/clock.py"]), wall_clock_in_python) == {}
    assert findings_of(sorted((ROOT / "dags").rglob("*.py")), wall_clock_in_python) == {}


@pytest.mark.parametrize(
    "text",
    [
        "datetime.now(UTC)",
        "datetime.datetime.utcnow()",
        "date.today()",
        "time.time()",
        "clock = time.monotonic",
        "from time import perf_counter",
        "import time as t",
        "from datetime import datetime as instant",
        "pandas.Timestamp.now()",
    ],
)
def test_the_guard_of_the_wall_clock_finds_it(text: str) -> None:
    assert wall_clock_in_python(text) != []


def test_the_guard_of_the_wall_clock_lets_the_clock_and_sleep_pass() -> None:
    assert wall_clock_in_python("clock.now(); time.sleep(1); tasks.real_now(); from time import sleep") == []
