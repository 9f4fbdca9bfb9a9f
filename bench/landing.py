"""Orders from a CSV export to landing, and on through gate and merge to facts with all their indexes.

The export is read by arrow without a mapping, as a shop would give it that writes what landing takes.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
from pyarrow import csv

from bench import Row, agree
from bench.baselines.landing import bare_copy, checkpoint, pandas_way
from bench.orders import orders, shuffled, write
from touchpoint.db import Database
from touchpoint.facts import landing, merge
from touchpoint.local.postgres import Server, root_folder
from touchpoint.migrations import migrate
from touchpoint.model import Entity, Window
from touchpoint.quality import gate
from touchpoint.settings import Shop, SourceConfig

ROWS, PANDAS_ROWS, ROUNDS = 1_000_000, 50_000, 3
AS_OF = datetime(2026, 11, 20, tzinfo=UTC)
KEY = b"bench"
_FACTS = (
    "order_id, source, kind, payment_state, created_at, paid_at, closes_at, closed_at, shipped_at, total_minor,"
    " paid_minor, currency::text, item_count, region, city, modified_at"
)
_EXPECTED = (
    "order_id, source, kind, payment_state, created_at::timestamptz, paid_at::timestamptz, closes_at::timestamptz,"
    " closed_at::timestamptz, shipped_at::timestamptz, (total::numeric * 100)::bigint, (paid::numeric * 100)::bigint,"
    " currency, item_count::integer, region, city, modified_at::timestamptz"
)


def run(size: int | None = None) -> list[Row]:
    """Measure landing over `size` orders on a server of its own."""
    parent = root_folder() if os.geteuid() == 0 else Path(tempfile.gettempdir())
    server = Server(Path(tempfile.mkdtemp(dir=parent, prefix="bench-")) / "server")
    server.folder.parent.chmod(0o755)
    server.start()
    try:
        server.create_database("bench")
        migrate(server.url("bench"))
        return Bench(server, size or ROWS).rows()
    finally:
        server.stop()
        shutil.rmtree(server.folder.parent)


class Bench:
    """One run: the files, the shop, the database."""

    def __init__(self, server: Server, size: int) -> None:
        self.size, self.db = size, Database(server.url("bench"), application="touchpoint bench")
        folder = server.folder.parent
        table = orders(size)
        self.columns = table.column_names
        self.plain = write(table, folder / "orders.csv")
        numbered = [pa.repeat(1, size), pa.array(range(1, size + 1)), *table.columns]
        self.numbered = write(pa.table(numbered, names=["batch_id", "line_no", *self.columns]), folder / "numbered.csv")
        self.shuffled = write(shuffled(table), folder / "shuffled.csv")
        self.changed = write(shuffled(orders(size, version=1), seed=3), folder / "changed.csv")
        self.runs = 0

    def rows(self) -> list[Row]:
        """Everything, interleaved where it is quick."""
        name = f"{self.size:,} orders"
        bare, numbered, landed = [], [], []
        for _ in range(ROUNDS):
            bare.append(bare_copy(self.db.engine, self.plain, self.columns))
            numbered.append(bare_copy(self.db.engine, self.numbered, self.columns, numbered=True))
            self._empty()
            landed.append(self.land(self.plain))
        self._same(
            'landing."order"',
            "bare",
            ", ".join(["batch_id - (SELECT min(batch_id) FROM landing.batch) + 1", "line_no", *self.columns]),
            ", ".join(["batch_id", "line_no", *self.columns]),
        )
        self._warm_up()
        self._empty()
        bare.append(bare_copy(self.db.engine, self.plain, self.columns))
        whole, parts = self.whole(self.plain)
        bare_copy(self.db.engine, self.plain, self.columns)
        self._same("facts.orders", "bare", _FACTS, _EXPECTED)
        pandas = pandas_way(self.db.engine, self.plain, self.columns, min(PANDAS_ROWS, self.size))
        pandas *= self.size / min(PANDAS_ROWS, self.size)
        unchanged, _ = self.whole(self.shuffled)
        self._unwritten()
        changed, changed_parts = self.whole(self.changed)
        server_copy, with_columns = median(bare), median(numbered)
        return [
            Row(f"COPY {name} into landing, numbered", "bare server-side COPY", median(landed), server_copy, 1.45),
            Row(
                f"COPY {name} into landing, numbered",
                "the same with the two columns",
                median(landed),
                with_columns,
                1.25,
            ),
            *(Row(f"  of the whole: {part}", "bare server-side COPY", spent, server_copy) for part, spent in parts),
            Row("landing, gate, merge, facts, indexes", "bare server-side COPY", whole, server_copy, 8),
            Row(
                "landing, gate, merge, facts, indexes",
                "the pandas.to_sql way (scaled)",
                whole,
                pandas,
                5,
                at_least=True,
            ),
            *(
                Row(f"  of the changed: {part}", "bare server-side COPY", spent, server_copy)
                for part, spent in changed_parts
            ),
            Row("an unchanged batch again, shuffled", "the changed batch", unchanged, changed, 0.35),
        ]

    def land(self, path: Path) -> float:
        """Seconds of landing a file, commit included."""
        self.runs += 1
        as_of = AS_OF + timedelta(minutes=self.runs)
        checkpoint(self.db.engine)
        started = perf_counter()
        with self.db.transaction() as tx:
            landing.land(
                tx,
                shop=shop(),
                entity=Entity.ORDER,
                pages=self._pages(path),
                window=Window(as_of - timedelta(days=1), as_of),
                snapshot_at=as_of,
                as_of=as_of,
                run_no=None,
                is_history=False,
                key=KEY,
            )
        return perf_counter() - started

    def whole(self, path: Path) -> tuple[float, list[tuple[str, float]]]:
        """Seconds from the file to facts, and of each part."""
        spent = [("landing", self.land(path))]
        as_of = AS_OF + timedelta(minutes=self.runs)
        started = perf_counter()
        with self.db.transaction() as tx:
            (batch,) = landing.pending(tx, "bench")
        findings = gate.judge(self.db.url, "bench", [batch], as_of)
        agree("critical and row findings", [f for f in findings if not f.success and f.severity != "warning"], [])
        spent.append(("gate", perf_counter() - started))
        started = perf_counter()
        with self.db.transaction() as tx:
            gate.quarantine_rows(tx, batch, findings)
            merge.load(tx, shop=shop(), batch=batch, as_of=as_of, key=KEY)
        spent.append(("merge", perf_counter() - started))
        return sum(seconds for _, seconds in spent), spent

    def _pages(self, path: Path) -> Iterator[Any]:
        text = {name: pa.string() for name in self.columns}
        with csv.open_csv(
            path,
            read_options=csv.ReadOptions(column_names=self.columns, block_size=8 << 20),
            convert_options=csv.ConvertOptions(column_types=text, strings_can_be_null=True, null_values=[""]),
        ) as reader:
            for batch in reader:
                yield SimpleNamespace(tables={Entity.ORDER: pa.Table.from_batches([batch])}, malformed=[], file=None)

    def _warm_up(self) -> None:
        """Import what a task imports once, Great Expectations above all: its seconds are no part of the rate."""
        self._empty()
        tiny = write(orders(10), self.plain.with_name("tiny.csv"))
        self.whole(tiny)

    def _empty(self) -> None:
        with self.db.engine.begin() as connection:
            # Tables that name customers are emptied with them, also those that only ever grow elsewhere.
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
            connection.exec_driver_sql(
                'TRUNCATE landing."order", landing.batch, landing.watermark, landing.quarantine, facts.orders,'
                " facts.orders_history, facts.customers, contact.contact_points, record.heads RESTART IDENTITY CASCADE"
            )

    def _same(self, one: str, other: str, left: str, right: str) -> None:
        """Row by row: what is measured has the baseline's content."""
        text = (
            f"SELECT (SELECT count(*) FROM (SELECT {left} FROM {one} EXCEPT ALL SELECT {right} FROM {other}) AS extra),"
            f" (SELECT count(*) FROM (SELECT {right} FROM {other} EXCEPT ALL SELECT {left} FROM {one}) AS missing),"
            f" (SELECT count(*) FROM {one})"
        )
        with self.db.engine.begin() as connection:
            found = connection.exec_driver_sql(text).one()
        agree(f"{one} beside {other}: extra, missing, rows", tuple(found), (0, 0, self.size))

    def _unwritten(self) -> None:
        with self.db.engine.begin() as connection:
            text = "SELECT loaded, unchanged FROM landing.batch ORDER BY batch_id DESC LIMIT 1"
            agree("loaded, unchanged", tuple(connection.exec_driver_sql(text).one()), (0, self.size))
            last = "SELECT count(*) FROM facts.orders WHERE batch_id = (SELECT max(batch_id) FROM landing.batch)"
            agree("facts written by the unchanged batch", connection.exec_driver_sql(last).scalar(), 0)


def shop() -> Shop:
    """A shop that exports files."""
    source = SourceConfig(adapter="files", connection="none")
    return Shop(
        id="bench",
        name="Bench",
        platform="files",
        zone="Asia/Shanghai",
        locale="zh-CN",
        currency="CNY",
        signature="Bench",
        agent_contact="nobody",
        cut_off="16:00",
        sending="off",
        sources={"order": source},
    )
