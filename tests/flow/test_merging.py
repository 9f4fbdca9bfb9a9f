"""`touchpoint customers` on a sandbox shop: a person says that two customers are one; a dry run changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from tests.flow.conftest import ANCHOR, SHOP, Flow, opened_flow
from tests.flow.test_cli import Shell, shell_on

from touchpoint.local.postgres import Server


@pytest.fixture(scope="module")
def installed(server: Server, loaded: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flow]:
    """One installation for the whole module, with one run behind it."""
    with opened_flow(server, loaded, tmp_path_factory.mktemp("merging") / "sandbox") as made:
        made.run(ANCHOR)
        yield made


@pytest.fixture
def shell(installed: Flow, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    return shell_on(installed, monkeypatch, capsys)


def contents(flow: Flow) -> dict[str, list[tuple[object, ...]]]:
    """Everything a merge writes."""
    tables = (
        'facts."merges"', "facts.merged_customers", "facts.merged_identities", "facts.orders", "facts.orders_history",
        "ledger.message", "ledger.touch", "ledger.touch_cover", "landing.batch",
    )  # fmt: skip
    return {name: flow.rows(f"SELECT x::text FROM {name} AS x ORDER BY 1") for name in tables}


def test_two_customers_become_one_and_the_next_run_knows(installed: Flow, shell: Shell) -> None:
    paying = installed.rows(
        "SELECT customer_id FROM facts.customers JOIN record.customer_features USING (shop_id, customer_no)"
        " WHERE order_count > 1 ORDER BY customer_no LIMIT 3"
    )
    gone, stays = str(paying[0][0]), str(paying[1][0])
    told = ("customers", "merge", "--shop", SHOP, "--from", gone, "--into", stays, "--by", "an agent")
    told = (*told, "--note", "both at 13812345678")
    assert "would change what a run" in shell.refused(*told)  # the clock stands where the last run looked from
    later = installed.at(ANCHOR + timedelta(minutes=1))
    before = contents(installed)
    dry = shell.rows(*told, "--dry-run")
    assert contents(installed) == before
    assert dry["merge_no"] is None
    assert dry["moved"]["facts.orders"] > 0
    said = shell.good(*told)
    assert f"{gone} is {stays} from {later.isoformat()} on: two people until then." in said
    assert "facts.orders" in said
    listed = shell.rows("customers", "merged", "--shop", SHOP)
    assert [(row["from_id"], row["into_id"], row["note"]) for row in listed] == [(gone, stays, "both at ***")]
    assert "was merged into" in shell.refused(*told)
    assert "one customer already" in shell.refused(
        "customers", "merge", "--from", stays, "--into", stays, "--by", "x", "--note", "y"
    )
    assert "nobody says so" in shell.refused(
        "customers", "merge", "--from", stays, "--into", str(paying[2][0]), "--by", " ", "--note", "y"
    )
    who = shell.rows("customers", "who", "--customer", gone, "--shop", SHOP)
    assert {(row["customer_id"], row["stands_for"]) for row in who} == {(gone, stays), (stays, None)}
    orders = dict(order_counts(installed, gone, stays))
    installed.run(ANCHOR + timedelta(minutes=5))
    after = dict(order_counts(installed, gone, stays))
    assert after == {stays: orders[gone] + orders[stays]}


def order_counts(flow: Flow, *customer_ids: str) -> list[tuple[str, int]]:
    """What the record says."""
    return [
        (str(name), int(count))
        for name, count in flow.rows(
            "SELECT customer_id, order_count FROM facts.customers"
            " JOIN record.customer_features USING (shop_id, customer_no) WHERE customer_id = ANY(%s)",
            list(customer_ids),
        )
    ]


def test_twins_are_told_by_hash(shell: Shell) -> None:
    found = shell.rows("customers", "twins", "--shop", SHOP)
    assert all(set(row) >= {"customer_id", "twin_id", "kind", "address_hash"} for row in found)
    assert not any("@" in str(value) or str(value).startswith("+86") for row in found for value in row.values())
