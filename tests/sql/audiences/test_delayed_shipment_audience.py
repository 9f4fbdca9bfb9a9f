"""The audience of delayed_shipment, case by case (delayed_shipment.yaml), from facts and from stored parcels."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.sql.audiences.parcels import RULES, add_parcel, add_scan, ask, at, refresh, tell
from tests.sql.decide.building import AS_OF, SHOP, rows, undone

from touchpoint.db import Database, Json, Transaction

CASES = yaml.safe_load((Path(__file__).parent / "delayed_shipment.yaml").read_text(encoding="utf-8"))
NAMES = [case["name"] for case in CASES]


@pytest.fixture(scope="module")
def shared(server: Any) -> Iterator[Database]:
    """One database for all cases: each works in a transaction that is undone."""
    server.create_database("test_delayed_audience", template="template_touchpoint")
    database = Database(server.url("test_delayed_audience"))
    yield database
    database.close()


def given(tx: Transaction, case: dict[str, Any]) -> None:
    for parcel in case["parcels"]:
        add_parcel(tx, parcel)
    for text in case.get("told", []):
        tell(tx, text["ids"], text["step"], text["at"], released=text.get("released"))


def problem_of(tx: Transaction, shipment_id: str) -> str | None:
    found = rows(
        tx,
        "SELECT standings.problem FROM facts.open_parcels_as_of(%(shop)s, %(at)s) AS parcels"
        " CROSS JOIN LATERAL facts.parcel_standing(parcels, %(rules)s, %(at)s) AS standings"
        " WHERE parcels.shipment_id = %(id)s",
        shop=SHOP,
        at=AS_OF,
        rules=Json(RULES),
        id=shipment_id,
    )
    return found[0]["problem"] if found else "not open"


def compared(tx: Transaction, case: dict[str, Any]) -> list[dict[str, Any]]:
    """The candidates, of each what the case names."""
    found = sorted(ask(tx).candidates, key=lambda candidate: candidate.occasion)
    told = []
    for number, candidate in enumerate(found):
        row = {**candidate.__dict__, "covers": list(candidate.covers), "problem": problem_of(tx, candidate.occasion)}
        named = case["expect"][number] if number < len(case["expect"]) else {"step": None, "occasion": None}
        told.append({key: row[key] for key in named})
    return told


@pytest.mark.parametrize("is_stored", [False, True], ids=["facts", "stored"])
@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_delayed_shipment(shared: Database, case: dict[str, Any], is_stored: bool) -> None:
    wanted = [
        {key: at(value) if key in ("not_before", "not_after") else value for key, value in line.items()}
        for line in case["expect"]
    ]
    with undone(shared) as tx:
        given(tx, case)
        if is_stored:
            refresh(tx, AS_OF - timedelta(hours=20))
            refresh(tx, AS_OF, batch_ids=())  # by the instants known before alone
        assert compared(tx, case) == wanted


def test_there_are_cases_enough_and_each_has_its_name() -> None:
    assert len(CASES) >= 60
    assert len(set(NAMES)) == len(NAMES)


def test_a_stored_parcel_that_is_over_has_no_row(tx: Transaction) -> None:
    add_parcel(tx, {"id": "P", "scans": [["picked_up", "-4d"]]})
    add_parcel(tx, {"id": "Q", "scans": [["delivered", "-4d"]]})
    refresh(tx, AS_OF)
    assert [row["shipment_id"] for row in rows(tx, "SELECT shipment_id FROM record.parcels")] == ["P"]
    add_scan(tx, "P", "delivered", "-1h", batch_id=2, known="5m")
    refresh(tx, AS_OF + timedelta(minutes=5), batch_ids=(2,))
    assert rows(tx, "SELECT FROM record.parcels") == []


def test_a_refresh_again_writes_nothing(tx: Transaction) -> None:
    from touchpoint.record import parcels

    add_parcel(tx, {"id": "P", "scans": [["picked_up", "-4d"]]})
    written = [parcels.refresh(tx, shop_id=SHOP, as_of=AS_OF, batch_ids=[1]) for _ in range(2)]
    assert written == [1, 0]


def test_a_past_instant_is_answered_from_the_facts_of_then(tx: Transaction) -> None:
    add_parcel(tx, {"id": "P", "scans": [["picked_up", "-4d"], {"state": "delivered", "at": "1h"}]})
    then = ask(tx).audience_hash
    refresh(tx, AS_OF + timedelta(days=1))
    assert rows(tx, "SELECT FROM record.parcels") == []
    assert ask(tx).audience_hash == then
    assert ask(tx, AS_OF + timedelta(days=1)).candidates == ()


def test_a_candidate_goes_by_the_age_cap_of_its_oldest_parcel(tx: Transaction) -> None:
    add_parcel(tx, {"id": "P", "shipped": "-20d", "scans": [["picked_up", "-20d"], ["in_transit", "-1d"]]})
    add_parcel(tx, {"id": "Q", "scans": [["picked_up", "-4d"]]})
    [candidate] = ask(tx).candidates
    assert candidate.not_after == at("10d")
