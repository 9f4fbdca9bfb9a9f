"""Tasks are opened, kept up to date, withdrawn and done, each once."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.sql.decide.building import AS_OF, SHOP, add_order, make_run, make_shop, rows

from touchpoint.db import Json, Transaction
from touchpoint.errors import LedgerError, TouchpointError
from touchpoint.model import Mode
from touchpoint.worklists import desk, tasks
from touchpoint.worklists.desk import as_csv, tidy_note

PAID = AS_OF - timedelta(hours=30)
EVERYTHING = ("kind", "subject_id", "state", "outcome", "who", "note")


def late_order(tx: Transaction, order_id: str = "A", **changes: Any) -> None:
    given = {"paid_at": PAID, "payment_state": "paid", "paid_minor": 1000, **changes}
    add_order(tx, order_id, f"b-{order_id}", PAID - timedelta(minutes=5), **given)


def refresh(tx: Transaction, later: float = 0, **changes: Any) -> dict[str, int]:
    shop = make_shop()
    run = make_run(tx, AS_OF + timedelta(minutes=later), **changes)
    given = {
        "realm": run.realm, "shop_id": shop.id, "as_of": run.as_of, "zone": shop.zone, "cut_off": shop.cut_off,
        "closes_after": shop.closes_after, "entities": Json(["order", "shipment"]),
    }  # fmt: skip
    return dict(tasks.refresh(tx, run=run, given=Only(given)))


class Only(dict[str, object]):
    """What the statements of this test need; those of other kinds find something of each type."""

    def __missing__(self, key: str) -> object:
        raise KeyError(key)


def listed(tx: Transaction, state: str | None = None) -> list[tuple[str, str]]:
    found = desk.tasks(tx, realm="live", shop_id=SHOP, kind="not_dispatched", state=state)
    return [(row["subject_id"], row["state"]) for row in found]


def ship(tx: Transaction, order_id: str) -> None:
    tx.connection.exec_driver_sql(
        "UPDATE facts.orders SET shipped_at = %(at)s WHERE order_id = %(id)s", {"at": AS_OF, "id": order_id}
    )


def close(tx: Transaction, task_id: int, **changes: Any) -> Any:
    given = {"shop_id": SHOP, "outcome": "handled", "note": "", "who": "lin", "at": AS_OF, **changes}
    return desk.close(tx, task_id=task_id, **given)


def first_task(tx: Transaction) -> int:
    return int(desk.tasks(tx, realm="live", shop_id=SHOP, state=None)[0]["task_id"])


@pytest.fixture(autouse=True)
def one_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kind these tests are about, whatever others there are."""
    monkeypatch.setattr(tasks, "written_kinds", lambda: ["not_dispatched"])


def test_a_late_order_is_a_task_and_asking_again_adds_nothing(tx: Transaction) -> None:
    late_order(tx)
    assert refresh(tx)["opened"] == 1
    assert refresh(tx) == {"opened": 0, "withdrawn": 0}
    assert refresh(tx, later=5) == {"opened": 0, "withdrawn": 0}
    assert listed(tx) == [("A", "open")]


def test_what_is_none_any_more_is_withdrawn_and_open_again_if_it_is_one_again(tx: Transaction) -> None:
    late_order(tx)
    refresh(tx)
    ship(tx, "A")
    assert refresh(tx, later=5) == {"opened": 0, "withdrawn": 1}
    assert listed(tx) == [("A", "withdrawn")]
    tx.connection.exec_driver_sql("UPDATE facts.orders SET shipped_at = NULL")
    assert refresh(tx, later=10) == {"opened": 1, "withdrawn": 0}
    found = rows(tx, "SELECT opened_as_of, closed_at FROM ledger.worklist")
    assert found == [{"opened_as_of": AS_OF + timedelta(minutes=10), "closed_at": None}]


def test_what_a_person_has_done_stays_done(tx: Transaction) -> None:
    late_order(tx)
    refresh(tx)
    close(tx, first_task(tx), note="warehouse called")
    assert refresh(tx, later=5) == {"opened": 0, "withdrawn": 0}
    ship(tx, "A")
    assert refresh(tx, later=10) == {"opened": 0, "withdrawn": 0}
    assert listed(tx) == [("A", "done")]


def test_a_run_that_looks_from_before_the_last_one_changes_nothing(tx: Transaction) -> None:
    late_order(tx)
    refresh(tx, later=10)
    ship(tx, "A")
    assert refresh(tx, later=5) == {"opened": 0, "withdrawn": 0}
    assert refresh(tx, later=10)["withdrawn"] == 1  # the same instant again may


def test_a_recompute_opens_nothing(tx: Transaction) -> None:
    late_order(tx)
    with pytest.raises(LedgerError, match="recompute"):
        refresh(tx, mode=Mode.RECOMPUTE)
    assert listed(tx) == []


def test_another_realm_has_worklists_of_its_own(tx: Transaction) -> None:
    late_order(tx)
    refresh(tx, realm="replay")
    assert listed(tx) == []
    assert rows(tx, "SELECT realm FROM ledger.worklist") == [{"realm": "replay"}]


def test_an_outcome_says_who_and_when_and_is_not_overwritten(tx: Transaction) -> None:
    late_order(tx)
    refresh(tx)
    number = first_task(tx)
    done = close(tx, number, note="  sent\nwith the evening van ")
    assert (done["who"], done["closed_at"], done["note"]) == ("lin", AS_OF, "sent with the evening van")
    with pytest.raises(TouchpointError, match="done by lin before: handled"):
        close(tx, number, who="wang", outcome="not_needed")
    assert desk.tasks(tx, realm="live", shop_id=SHOP, state="done")[0]["who"] == "lin"


def test_an_outcome_may_come_after_the_task_was_withdrawn(tx: Transaction) -> None:
    late_order(tx)
    refresh(tx)
    ship(tx, "A")
    refresh(tx, later=5)
    assert close(tx, first_task(tx))["state"] == "done"


def test_a_task_of_another_shop_or_with_another_outcome_is_refused(tx: Transaction) -> None:
    late_order(tx)
    refresh(tx)
    number = first_task(tx)
    with pytest.raises(TouchpointError, match="no task"):
        close(tx, number, shop_id="other")
    with pytest.raises(TouchpointError, match="no task"):
        close(tx, number + 1)
    with pytest.raises(TouchpointError, match="one of: handled"):
        close(tx, number, outcome="whatever")
    assert listed(tx, "open") == [("A", "open")]


def test_a_note_keeps_no_address(tx: Transaction) -> None:
    told = "call 13912345678 or +8613912345678, 8613912345678, a.b@example.com about 2900000010001123456"
    assert tidy_note(told) == "call *** or ***, *** *** about 2900000010001123456".replace("*** ***", "***, ***")
    assert len(tidy_note("x" * 5_000)) == 500


def test_pages_hold_fifty_and_a_number_past_the_end_is_the_last(tx: Transaction) -> None:
    for number in range(61):
        late_order(tx, f"o{number:03}")
    refresh(tx)
    first = desk.page(tx, realm="live", shop_id=SHOP)
    last = desk.page(tx, realm="live", shop_id=SHOP, number=99)
    assert (len(first.rows), first.matching, first.pages) == (50, 61, 2)
    assert (len(last.rows), last.number) == (11, 2)
    assert len({row["task_id"] for row in (*first.rows, *last.rows)}) == 61
    nothing = desk.page(tx, realm="live", shop_id="other")
    assert (nothing.rows, nothing.matching, nothing.pages, nothing.counts) == ([], 0, 1, {})


def test_the_csv_holds_no_formula_and_no_more_than_ids(tx: Transaction) -> None:
    late_order(tx, "=1+1")
    refresh(tx)
    close(tx, first_task(tx), note='@SUM(A1), "quoted"', who="+lin")
    text = as_csv(desk.tasks(tx, realm="live", shop_id=SHOP, state=None), ZoneInfo("Asia/Shanghai"))
    read = next(iter(csv.DictReader(io.StringIO(text.lstrip("\ufeff")))))
    assert (read["subject_id"], read["note"], read["who"]) == ("'=1+1", '\'@SUM(A1), "quoted"', "'+lin")
    assert set(read) == set(desk.CSV_COLUMNS)
    assert "detail" not in read
    assert read["due_at"].endswith("+08:00")  # the shop's zone, as on its page
