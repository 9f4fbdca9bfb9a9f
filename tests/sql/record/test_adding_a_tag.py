"""docs/adding_a_tag.md, done to the letter: its statement and line make a feature, its file of agents is taken."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from tests.sql.decide.building import add_customer, make_shop
from tests.sql.record.tag_facts import ZONE, at, infer, purchase

from touchpoint import statements
from touchpoint.db import Transaction
from touchpoint.record import manual
from touchpoint.settings import CONFIG_ROOT, load_tags

PAGE = (statements.ROOT / "docs" / "adding_a_tag.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    """The one block of a language on the page."""
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


@pytest.fixture
def followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A configuration and statements as they are after steps 1 and 2."""
    shutil.copytree(statements.SQL_ROOT, tmp_path / "sql")
    (tmp_path / "sql" / "tags" / "weekend_share.sql").write_text(block("sql"), encoding="utf-8")
    text = (CONFIG_ROOT / "tags.yaml").read_text(encoding="utf-8")
    (tmp_path / "tags.yaml").write_text(text.replace("\ntags:\n", f"\ntags:\n{block('yaml')}"), encoding="utf-8")
    monkeypatch.setattr(statements, "SQL_ROOT", tmp_path / "sql")
    statements.load.cache_clear()
    yield tmp_path
    statements.load.cache_clear()


def test_one_statement_and_one_line_make_a_feature(tx: Transaction, followed: Path) -> None:
    tags = {tag.name: tag for tag in load_tags(followed).of(make_shop())}
    assert tags["weekend_share"].needs == ("order",)
    for day in ("03-07", "03-08", "03-09", "03-10"):  # Saturday to Tuesday
        purchase(tx, "b", at(day))
    for day in ("03-07", "03-08"):
        purchase(tx, "twice", at(day))
    found = infer(tx, "weekend_share", config=followed)
    assert list(found) == ["b"]
    assert (found["b"]["number"], found["b"]["evidence"], found["b"]["out_of"]) == (0.5, 2, 4)


def test_the_file_of_agents_is_taken_as_it_stands(tx: Transaction) -> None:
    for customer in ("tb1200931", "tb7781002"):
        add_customer(tx, customer)
    later = datetime(2026, 7, 1, tzinfo=ZONE)
    done = manual.bring_in(tx, shop=make_shop(), text=block("csv"), vocabulary=load_tags().manual, as_of=later)
    assert (done.lines, done.added, done.refused) == (4, 4, [])


def test_every_tag_has_its_line_in_the_table_of_the_record() -> None:
    record = (statements.ROOT / "docs" / "record.md").read_text(encoding="utf-8")
    table = set(re.findall(r"^\| `(\w+)` \|", record, re.MULTILINE))
    assert {tag.name for tag in load_tags().all_of(make_shop())} <= table
