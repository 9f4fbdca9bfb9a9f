"""Whatever stands in an export, no row stops a shop: it is loaded or quarantined, and every line is accounted for.

TOUCHPOINT_FUZZ_ROWS sets the rows of each entity and format: 60 here, some thousands by hand.
"""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.sql.facts.builders import AS_OF, KEY, shop
from tests.sql.quality.fuzzing import rows_of

from touchpoint.column_rules import RULES, Kind
from touchpoint.db import Database
from touchpoint.facts import landing, merge
from touchpoint.model import Entity, Window
from touchpoint.quality import gate
from touchpoint.record import refresh as record
from touchpoint.settings import load_segments, load_tags
from touchpoint.sources.files.mapping import load_mapping
from touchpoint.sources.files.source import FilesSource

ROWS = int(os.environ.get("TOUCHPOINT_FUZZ_ROWS", "60"))
WINDOW = Window(AS_OF - timedelta(days=30), AS_OF)
FORMATS = {"csv": "csv", "parquet": "parquet", "typed": "parquet"}
_ODD_NUMBERS = [float("nan"), float("inf"), -float("inf"), 1e308, -1e17, 5e-324, 9.007e15]
_ODD_TIMES = [2**63 - 1, -(2**63) + 1, -62_135_596_800_000_001, 253_402_300_800_000_000, 0]
_ODD_DAYS = [2**31 - 1, -(2**31), -719_163, 2_932_897]


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an export of every entity in every format, headers doubled in one of them, and its mapping."""
    folder = tmp_path_factory.mktemp("exports")
    for entity in Entity:
        for seed, name in enumerate(FORMATS):
            rows = rows_of(entity, ROWS, seed)
            if name == "csv":
                (folder / f"csv_{entity}.csv").write_bytes(csv_of(entity, rows))
            else:
                table = typed_table(entity, rows, seed) if name == "typed" else text_table(entity, rows)
                pq.write_table(table, folder / f"{name}_{entity}.parquet")
        doubled = ",".join([*RULES[entity], *RULES[entity]])
        (folder / f"doubled_{entity}.csv").write_text(f"{doubled}\n", encoding="utf-8")
    (folder / "mapping.yaml").write_text(json.dumps({"exports": list(mapped())}), encoding="utf-8")
    return folder


def mapped() -> Iterator[dict[str, Any]]:
    for entity, rules in RULES.items():
        columns = {name: name for name in rules}
        text = {"quoted_newlines": True, "time_formats": ["iso"], "date_formats": ["%Y-%m-%d"]}
        for name in ("csv", "doubled"):
            yield {"files": f"{name}_{entity}.csv", **text, entity.value: {"columns": columns}}
        for name in ("parquet", "typed"):
            times = {"time_formats": ["iso"], "date_formats": ["%Y-%m-%d"]}
            yield {"files": f"{name}_{entity}.parquet", **times, entity.value: {"columns": columns}}


def csv_of(entity: Entity, rows: list[dict[str, bytes]]) -> bytes:
    lines = [",".join(RULES[entity]).encode()]
    lines += [b",".join(b'"' + cell.replace(b'"', b'""') + b'"' for cell in row.values()) for row in rows]
    return b"\n".join(lines) + b"\n"


def text_table(entity: Entity, rows: list[dict[str, bytes]]) -> pa.Table:
    """All columns as text, some of it none that a reader of Parquet may expect."""
    names = list(RULES[entity])
    made = [pa.array([row[name] for row in rows], pa.binary()).cast(pa.string(), safe=False) for name in names]
    return pa.table(dict(zip(names, made, strict=True)))


def typed_table(entity: Entity, rows: list[dict[str, bytes]], seed: int) -> pa.Table:
    """Numbers as floats, times and days as such, at and beyond the edges of what any calendar holds."""
    dice = random.Random(seed)
    table = text_table(entity, [{**row, "region": b"x"} if "region" in row else row for row in rows])
    made: dict[str, Any] = {}
    for name, rule in RULES[entity].items():
        made[name] = table.column(name)
        if rule.kind in (Kind.MONEY, Kind.PRICE, Kind.COUNT, Kind.SECONDS, Kind.PAGES):
            usual = [float(at % 90) for at in range(len(rows))]
            made[name] = pa.array([some(dice, _ODD_NUMBERS, value) for value in usual], pa.float64())
        elif rule.kind is Kind.INSTANT:
            at = int((AS_OF - timedelta(days=2)).timestamp() * 1e6)
            made[name] = pa.array([some(dice, _ODD_TIMES, at) for _ in rows], pa.timestamp("us", "UTC"))
        elif rule.kind is Kind.DAY:
            made[name] = pa.array([some(dice, _ODD_DAYS, 9000) for _ in rows], pa.int32()).cast(pa.date32())
    return pa.table(made)


def some(dice: random.Random, odd: list[Any], usual: Any) -> Any:
    return dice.choice(odd) if dice.random() < 0.01 else usual


def test_no_row_of_any_entity_or_format_stops_a_shop_and_all_are_accounted_for(
    database: Database, exports: Path
) -> None:
    source = FilesSource(shop(), load_mapping(str(exports / "mapping.yaml")), exports)
    with database.transaction() as tx:
        for entity in landing.LANDS:
            landing.land(
                tx, shop=shop(), entity=entity, pages=source.read(entity, WINDOW), window=WINDOW, snapshot_at=AS_OF,
                as_of=AS_OF, run_no=None, is_history=False, key=KEY,
            )  # fmt: skip
        batches = landing.pending(tx, "shop")
    findings = gate.judge(database.url, "shop", batches, AS_OF)
    assert [
        (found.entity, found.rule) for found in findings if found.severity == "critical" and not found.success
    ] == []
    total: Counter[str] = Counter()
    with database.transaction() as tx:
        for batch in merge.in_order(batches):
            gate.quarantine_rows(tx, batch, findings)
            counts = merge.load(tx, shop=shop(), batch=batch, as_of=AS_OF, key=KEY).as_dict()
            assert counts["loaded"] > 0, batch.entity
            assert counts["quarantined"] > 0, batch.entity
            total.update(counts)
        assert landing.pending(tx, "shop") == []
    loaded = sum(total[name] for name in ("loaded", "unchanged", "superseded", "quarantined"))
    assert total["landed"] == loaded >= len(FORMATS) * len(Entity) * ROWS + len(landing.LANDS)
    with database.transaction() as tx:
        reasons = tx.connection.exec_driver_sql("SELECT DISTINCT unnest(reasons) FROM landing.quarantine")
        assert "unloadable" not in {row[0] for row in reasons}  # a rule catches each of them before the last net
        record.refresh(
            tx, shop=shop(), as_of=AS_OF, batch_ids=[batch.batch_id for batch in batches],
            segments=load_segments(), tags=load_tags(),
        )  # fmt: skip
