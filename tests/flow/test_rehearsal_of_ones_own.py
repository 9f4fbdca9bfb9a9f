"""A stranger's exports, replayed by a mapping of his own, and asked afterwards from a shell."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from touchpoint import pipeline
from touchpoint.clock import real_now
from touchpoint.db import Database
from touchpoint.local import rehearsal_desk
from touchpoint.local.layout import Layout, load_secrets, load_state, save_state
from touchpoint.local.prepare import prepare_touchpoint
from touchpoint.local.rehearsal_shop import rehearsal_config
from touchpoint.model import Cadence
from touchpoint.services import Services
from touchpoint.settings import CONFIG_ROOT, ConnectionInfo

FILES = {
    "orders.csv": "id;who;made;goods;freight\n1;ann;02-Jun-06 10:00;10,00;2,50\n2;bob;03-Jun-06 11:00;5,00;\n",
    "products.csv": "sku,name\ns1,Lamp\n",
    "parcels.csv": "id,order,at\np1,1,04-Jun-06 09:00\n",
    "payments.csv": "id,order,sum,at\nm1,1,12.50,02-Jun-06 10:05\n",
    "reviews.csv": "id,order,stars,at\nr1,1,5,09-Jun-06 20:00\n",
}
MAPPING = """
exports:
  - files: orders.csv
    delimiter: ";"
    decimal_mark: ","
    time_formats: ["%d-%b-%y %H:%M"]
    order:
      columns:
        order_id: id
        customer_id: who
        created_at: made
        total: {sum: [goods, freight]}
        currency: {constant: GBP}
  - files: products.csv
    snapshot_at: "2006-06-01T00:00:00+00:00"
    product:
      columns: {product_id: sku, title: name, currency: {constant: GBP}}
  - files: parcels.csv
    time_formats: ["%d-%b-%y %H:%M"]
    shipment:
      columns: {shipment_id: id, order_id: order, shipped_at: at}
  - files: payments.csv
    time_formats: ["%d-%b-%y %H:%M"]
    payment:
      columns: {payment_id: id, order_id: order, amount: sum, currency: {constant: GBP}, happened_at: at}
  - files: reviews.csv
    time_formats: ["%d-%b-%y %H:%M"]
    review:
      columns: {order_id: order, review_id: id, score: stars, happened_at: at}
synthetic_contacts: true
"""
FACTS = ("orders", "products", "shipments", "payments", "reviews", "customers")


@pytest.fixture
def layout(tmp_path: Path) -> Iterator[Layout]:
    """An installation of replays with its database made, and stopped again."""
    made = Layout(var=tmp_path / "replay")
    made.make_folders()
    state = load_state(made)
    state.ports = {"api": 1}
    save_state(made, state)
    state.server.start(shared_buffers="16MB")
    state.server.create_database("touchpoint")
    yield made
    state.server.remove()


def test_every_entity_of_a_mapping_lands_and_the_shop_can_be_asked(
    layout: Layout, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    data, mapping = tmp_path / "data", tmp_path / "mine.yaml"
    data.mkdir()
    mapping.write_text(MAPPING, encoding="utf-8")
    for name, text in FILES.items():
        (data / name).write_text(text, encoding="utf-8")
    given = {"zone": "Europe/London", "currency": "GBP", "locale": "en"}
    config = rehearsal_config(
        "mine", mapping, layout.var / "config" / "mine", data=data, shop_file=None, given=given, warn=pytest.fail
    )
    server = load_state(layout).server
    prepare_touchpoint(server.url("touchpoint"), load_secrets(layout)["environment_id"])
    database = Database(server.url("touchpoint"))
    folder = ConnectionInfo(conn_id="replay_data", extra={"folder": str(data), "sandbox": True})
    own = ConnectionInfo(conn_id="touchpoint", extra={"hash_key": load_secrets(layout)["hash_key"]})
    services = Services(db=database, resolve={"replay_data": folder}.__getitem__, connection=own, config=config)
    pipeline.load_history(
        services,
        pipeline.Trigger(
            shop_id="mine", dag_id="history__mine", run_id="history", cadence=Cadence.DAILY, as_of=real_now()
        ),
    )
    with database.transaction() as tx:
        found = [tx.connection.exec_driver_sql(f"SELECT count(*) FROM facts.{table}").scalar() for table in FACTS]
        totals = tx.connection.exec_driver_sql("SELECT total_minor FROM facts.orders ORDER BY order_id").scalars().all()
    database.close()
    server.stop()
    assert found == [2, 1, 1, 1, 1, 2]
    assert totals == [1250, 500]

    rehearsal_desk.remember(layout, "mine", rehearsal_desk.Replayed(str(config), "spring"))

    def asked(*words: str) -> list[dict[str, object]]:
        assert rehearsal_desk.ask([*words, "--shop", "mine", "--json"], "mine", layout) == 0
        return list(json.loads(capfd.readouterr().out))

    shown = asked("segments", "show", "--as-of", "2006-06-10T00:00:00+01:00")
    assert {row["segment"]: row["customers"] for row in shown if row["kind"] == "stage"}["new"] == 1
    values = asked("segments", "explain", "--customer", "ann", "--as-of", "2006-06-10T00:00:00+01:00")
    assert any("12.50" in str(row) for row in values)
    assert asked("worklist", "list") == []
    assert not server.is_running(), "it is up as long as it is asked, and no longer"


def test_a_replay_of_before_the_last_migration_can_still_be_asked(
    layout: Layout, capfd: pytest.CaptureFixture[str]
) -> None:
    load_state(layout).server.stop()
    rehearsal_desk.remember(layout, "tmall", rehearsal_desk.Replayed(str(CONFIG_ROOT), "spring"))
    assert rehearsal_desk.ask(["worklist", "list", "--shop", "tmall", "--json"], "tmall", layout) == 0
    assert json.loads(capfd.readouterr().out) == []
