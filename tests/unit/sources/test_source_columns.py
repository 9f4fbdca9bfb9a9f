"""The columns sources fill are those landing has."""

from __future__ import annotations

import re

from touchpoint.model import Entity
from touchpoint.sources.columns import COLUMNS, REQUIRED
from touchpoint.statements import ROOT, SQL_ROOT


def landing_columns() -> dict[str, set[str]]:
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted((SQL_ROOT / "schema").glob("*.sql")))
    made = re.findall(r'CREATE TABLE landing\."?(\w+)"? \((.*?)\n\);', text, re.DOTALL)
    found = {name: set(re.findall(r"^    (\w+) text", body, re.MULTILINE)) for name, body in made}
    for name, column in re.findall(r'ALTER TABLE landing\."?(\w+)"? ADD COLUMN (\w+) text', text):
        found[name].add(column)
    return found


def test_sources_know_exactly_the_columns_of_landing():
    landing = landing_columns()
    assert {entity.value: set(columns) for entity, columns in COLUMNS.items()} == {
        entity.value: landing[entity.value] for entity in Entity
    }


def test_required_columns_are_columns():
    assert all(set(names) <= set(COLUMNS[entity]) for entity, names in REQUIRED.items())


def test_the_docs_name_every_column_and_what_has_to_be_given():
    text = (ROOT / "docs" / "adding_a_source.md").read_text(encoding="utf-8")
    told = {row[0]: row[1].split(", ") for row in re.findall(r"^\| `(\w+)`[^|]*\| ([^|]*?) \|", text, re.MULTILINE)}
    assert {entity: {name.strip("*") for name in names} for entity, names in told.items()} == {
        entity.value: set(columns) for entity, columns in COLUMNS.items()
    }
    assert {entity: {name.strip("*") for name in names if "*" in name} for entity, names in told.items()} == {
        entity.value: set(names) for entity, names in REQUIRED.items()
    }
