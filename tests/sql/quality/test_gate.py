"""The gate: every rule is shown to fail on the row it is for, the verdict is kept, and no line is lost."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.sql.facts.builders import AS_OF, KEY, Line, Page, batch_of, land, load_pending, member, order, shop, table

from touchpoint.db import Database, Transaction
from touchpoint.errors import TouchpointError
from touchpoint.facts import landing, merge
from touchpoint.facts.merge import Counts
from touchpoint.model import Entity
from touchpoint.money import EXPONENTS
from touchpoint.quality import gate, judge, suites
from touchpoint.quality.gate import Finding
from touchpoint.quality.suites import CONTRADICTING, LINE_RULES, ROW_RULES, load_thresholds

LATER = AS_OF + timedelta(minutes=5)
T = "2026-11-20T09:00:00+08:00"
LINE = {"order_id": "o1", "line_id": "1", "quantity": "1", "net": "1", "currency": "CNY", "modified_at": T}
REFUND = {"refund_id": "r1", "order_id": "o1", "amount": "5", "currency": "CNY", "happened_at": T}
PARCEL = {"shipment_id": "p1", "order_id": "o1", "shipped_at": T}
PRODUCT = {"product_id": "x1", "series": "tea", "price": "10", "currency": "CNY", "modified_at": T}
REVIEW = {"order_id": "o1", "review_id": "v1", "score": "5", "happened_at": T}
PAYMENT = {"payment_id": "b1", "order_id": "o1", "amount": "5", "currency": "CNY", "happened_at": T}
INQUIRY = {"inquiry_id": "q1", "customer_id": "buyer-1", "happened_at": T}
VISIT = {"visit_id": "w1", "customer_id": "buyer-1", "happened_at": T, "seconds": "40.5", "pages": "3"}
SCAN = {"shipment_id": "p1", "happened_at": T, "state": "in_transit"}

LONG = "k" * 201  # an index refuses a key of some thousand characters, and with it the whole load

Broken = tuple[Entity, Mapping[str, str | None], str]
BROKEN: list[Broken] = [
    (Entity.ORDER, order(order_id=None), "missing_key"),
    (Entity.ORDER, order(LONG), "key_too_long"),
    (Entity.ORDER, order(customer_id=LONG), "key_too_long"),
    (Entity.ORDER, order(created_at=None), "missing_instant"),
    (Entity.ORDER, order(paid_at="2026-13-01T00:00:00Z"), "unreadable_instant"),
    (Entity.ORDER, order(paid_at="now"), "unreadable_instant"),  # PostgreSQL would take it
    (Entity.ORDER, order(closes_at="infinity"), "unreadable_instant"),
    (Entity.ORDER, order(created_at="2026-11-20T09:00:00"), "unreadable_instant"),  # in which zone?
    (Entity.ORDER, order(modified_at="0000-00-00 00:00:00"), "unreadable_instant"),
    (Entity.ORDER, order(total=None), "missing_amount"),
    (Entity.ORDER, order(total="NaN"), "unreadable_amount"),
    (Entity.ORDER, order(total="1e5"), "unreadable_amount"),
    (Entity.ORDER, order(paid="12,50"), "unreadable_amount"),
    (Entity.ORDER, order(total="1.505"), "unreadable_amount"),  # no minor unit for half a fen
    (Entity.ORDER, order(total="0.5", currency="JPY"), "unreadable_amount"),
    (Entity.ORDER, order(total="-1"), "negative_amount"),
    (Entity.ORDER, order(total="100000000000.00"), "amount_too_large"),
    (Entity.ORDER, order(total="9" * 60), "amount_too_large"),
    (Entity.ORDER, order(discount="a lot"), "unreadable_amount"),
    (Entity.ORDER, order(coupon="-5"), "negative_amount"),
    (Entity.ORDER, order(discount="-5"), "negative_amount"),
    (Entity.ORDER, order(coupon="9" * 17), "amount_too_large"),
    (Entity.ORDER, order(currency="XXX"), "unknown_currency"),
    (Entity.ORDER, order(kind="barter"), "unknown_kind"),
    (Entity.ORDER, order(payment_state="maybe"), "unknown_payment_state"),
    (Entity.ORDER, order(item_count="two"), "unreadable_count"),
    (Entity.ORDER, order(paid_at="2026-11-20T07:59:00+08:00"), "paid_before_created"),
    (Entity.ORDER, order(paid_at="2026-11-19T23:59:00+00:00"), "paid_before_created"),
    (Entity.ORDER, order(created_at="2026-11-22T09:00:00+08:00"), "created_in_the_future"),
    (Entity.ORDER_LINE, {**LINE, "line_id": None}, "missing_key"),
    (Entity.ORDER_LINE, {**LINE, "line_id": LONG}, "key_too_long"),
    (Entity.ORDER_LINE, {**LINE, "modified_at": "x"}, "unreadable_instant"),
    (Entity.ORDER_LINE, {**LINE, "net": None}, "missing_amount"),
    (Entity.ORDER_LINE, {**LINE, "price": "x"}, "unreadable_amount"),
    (Entity.ORDER_LINE, {**LINE, "net": "-1"}, "negative_amount"),
    (Entity.ORDER_LINE, {**LINE, "net": "9" * 40}, "amount_too_large"),
    (Entity.ORDER_LINE, {**LINE, "currency": "???"}, "unknown_currency"),
    (Entity.ORDER_LINE, {**LINE, "quantity": None}, "unreadable_count"),
    (Entity.ORDER_LINE, {**LINE, "kind": "gift"}, "unknown_kind"),
    (Entity.ORDER_LINE, {**LINE, "priced": "true", "price": "0.00", "line_digest": "d1"}, "price_not_positive"),
    (Entity.ORDER_LINE, {**LINE, "line_digest": "d1"}, "duplicate"),
    (Entity.REFUND, {**REFUND, "refund_id": None}, "missing_key"),
    (Entity.REFUND, {**REFUND, "customer_id": LONG}, "key_too_long"),
    (Entity.REFUND, {**REFUND, "priced": "true", "amount": "0", "line_digest": "d1"}, "price_not_positive"),
    (Entity.REFUND, {**REFUND, "line_digest": "d1"}, "duplicate"),
    (Entity.REFUND, {**REFUND, "refund_id": LONG}, "key_too_long"),
    (Entity.REFUND, {**REFUND, "happened_at": "x"}, "unreadable_instant"),
    (Entity.REFUND, {**REFUND, "amount": None}, "missing_amount"),
    (Entity.REFUND, {**REFUND, "amount": "x"}, "unreadable_amount"),
    (Entity.REFUND, {**REFUND, "amount": "-1"}, "negative_amount"),
    (Entity.REFUND, {**REFUND, "amount": "9" * 17}, "amount_too_large"),
    (Entity.REFUND, {**REFUND, "currency": "???"}, "unknown_currency"),
    (Entity.REFUND, {**REFUND, "state": "lost"}, "unknown_state"),
    (Entity.SHIPMENT, {**PARCEL, "shipment_id": None}, "missing_key"),
    (Entity.SHIPMENT, {**PARCEL, "order_id": LONG}, "key_too_long"),
    (Entity.SHIPMENT, {**PARCEL, "shipped_at": None}, "missing_instant"),
    (Entity.SHIPMENT, {**PARCEL, "promised_at": "soon"}, "unreadable_instant"),
    (Entity.TRACKING_EVENT, {**SCAN, "shipment_id": None}, "missing_key"),
    (Entity.TRACKING_EVENT, {**SCAN, "shipment_id": LONG}, "key_too_long"),
    (Entity.TRACKING_EVENT, {**SCAN, "happened_at": None}, "missing_instant"),
    (Entity.TRACKING_EVENT, {**SCAN, "happened_at": "x"}, "unreadable_instant"),
    (Entity.TRACKING_EVENT, {**SCAN, "state": None}, "unknown_state"),
    (Entity.PRODUCT, {**PRODUCT, "product_id": None}, "missing_key"),
    (Entity.PRODUCT, {**PRODUCT, "product_id": LONG}, "key_too_long"),
    (Entity.PRODUCT, {**PRODUCT, "modified_at": "x"}, "unreadable_instant"),
    (Entity.PRODUCT, {**PRODUCT, "listed_at": "spring"}, "unreadable_instant"),
    (Entity.PRODUCT, {**PRODUCT, "price": "ten"}, "unreadable_amount"),
    (Entity.PRODUCT, {**PRODUCT, "price": "-1"}, "negative_amount"),
    (Entity.PRODUCT, {**PRODUCT, "price": "9" * 18}, "amount_too_large"),
    (Entity.PRODUCT, {**PRODUCT, "currency": "???"}, "unknown_currency"),
    (Entity.REVIEW, {**REVIEW, "order_id": None}, "missing_key"),
    (Entity.REVIEW, {**REVIEW, "review_id": LONG}, "key_too_long"),
    (Entity.REVIEW, {**REVIEW, "happened_at": "x"}, "unreadable_instant"),
    (Entity.REVIEW, {**REVIEW, "score": "6"}, "unknown_score"),
    (Entity.REVIEW, {**REVIEW, "score": None}, "unknown_score"),
    (Entity.PAYMENT, {**PAYMENT, "order_id": None}, "missing_key"),
    (Entity.PAYMENT, {**PAYMENT, "payment_id": LONG}, "key_too_long"),
    (Entity.PAYMENT, {**PAYMENT, "happened_at": None}, "missing_instant"),
    (Entity.PAYMENT, {**PAYMENT, "modified_at": "x"}, "unreadable_instant"),
    (Entity.PAYMENT, {**PAYMENT, "amount": None}, "missing_amount"),
    (Entity.PAYMENT, {**PAYMENT, "amount": "x"}, "unreadable_amount"),
    (Entity.PAYMENT, {**PAYMENT, "amount": "-1"}, "negative_amount"),
    (Entity.PAYMENT, {**PAYMENT, "amount": "9" * 19}, "amount_too_large"),
    (Entity.PAYMENT, {**PAYMENT, "currency": "???"}, "unknown_currency"),
    (Entity.PAYMENT, {**PAYMENT, "state": "perhaps"}, "unknown_state"),
    (Entity.INQUIRY, {**INQUIRY, "inquiry_id": None}, "missing_key"),
    (Entity.INQUIRY, {**INQUIRY, "customer_id": None}, "missing_key"),  # and no order either
    (Entity.INQUIRY, {**INQUIRY, "order_id": LONG}, "key_too_long"),
    (Entity.INQUIRY, {**INQUIRY, "happened_at": None}, "missing_instant"),
    (Entity.INQUIRY, {**INQUIRY, "happened_at": "x"}, "unreadable_instant"),
    (Entity.INQUIRY, {**INQUIRY, "kind": "praise"}, "unknown_kind"),
    (Entity.VISIT, {**VISIT, "customer_id": None}, "missing_key"),
    (Entity.VISIT, {**VISIT, "visit_id": LONG}, "key_too_long"),
    (Entity.VISIT, {**VISIT, "happened_at": None}, "missing_instant"),
    (Entity.VISIT, {**VISIT, "happened_at": "x"}, "unreadable_instant"),
    (Entity.VISIT, {**VISIT, "seconds": "-1"}, "unreadable_count"),
    (Entity.VISIT, {**VISIT, "pages": "2.5"}, "unreadable_count"),
    (Entity.MEMBER, member(customer_id=None), "missing_key"),
    (Entity.MEMBER, member(LONG), "key_too_long"),
    (Entity.MEMBER, member(joined_at="x"), "unreadable_instant"),
    (Entity.MEMBER, member(birthday="30 February"), "unreadable_day"),
    (Entity.MEMBER, member(birthday="2001-02-30"), "unreadable_day"),
    (Entity.MEMBER, member(sms_promotional="perhaps"), "unreadable_flag"),
    (Entity.MEMBER, member(email_promotional="yes", email_promotional_at=None), "consent_without_instant"),
    (Entity.MEMBER, member(gender="unsaid"), "unknown_gender"),
    (Entity.MEMBER, member(sms_promotional_method="a\rb"), "odd_characters"),
    (Entity.MEMBER, member(display_name="w" * 201), "text_too_long"),
    (Entity.PRODUCT, {**PRODUCT, "size": "w" * 201}, "text_too_long"),
    (Entity.PRODUCT, {**PRODUCT, "product_id": "x\x1b1"}, "odd_characters"),
    (Entity.ORDER, order(region="w" * 201), "text_too_long"),
    (Entity.ORDER, order(customer_id="buyer\r1"), "odd_characters"),
    (Entity.ORDER, order(item_count="1" + "0" * 9), "count_too_large"),
    (Entity.ORDER_LINE, {**LINE, "title": "w" * 2001}, "text_too_long"),
    (Entity.ORDER_LINE, {**LINE, "title": "\u202egift"}, "odd_characters"),
    (Entity.ORDER_LINE, {**LINE, "quantity": "9" * 30}, "count_too_large"),
    (Entity.REFUND, {**REFUND, "state": "w" * 201}, "text_too_long"),
    (Entity.REFUND, {**REFUND, "order_id": "o\u20661"}, "odd_characters"),
    (Entity.PAYMENT, {**PAYMENT, "kind": "w" * 201}, "text_too_long"),
    (Entity.PAYMENT, {**PAYMENT, "kind": "card\n"}, "odd_characters"),
    (Entity.SHIPMENT, {**PARCEL, "carrier": "w" * 201}, "text_too_long"),
    (Entity.SHIPMENT, {**PARCEL, "carrier": "\x7f"}, "odd_characters"),
    (Entity.TRACKING_EVENT, {**SCAN, "description": "w" * 2001}, "text_too_long"),
    (Entity.TRACKING_EVENT, {**SCAN, "place": "\x01"}, "odd_characters"),
    (Entity.REVIEW, {**REVIEW, "score": "5" * 201}, "text_too_long"),
    (Entity.REVIEW, {**REVIEW, "review_id": "v\u202e1"}, "odd_characters"),
    (Entity.INQUIRY, {**INQUIRY, "scenario": "w" * 201}, "text_too_long"),
    (Entity.INQUIRY, {**INQUIRY, "inquiry_id": "q\t1"}, "odd_characters"),
    (Entity.VISIT, {**VISIT, "device": "w" * 201}, "text_too_long"),
    (Entity.VISIT, {**VISIT, "device": "\x02"}, "odd_characters"),
    (Entity.VISIT, {**VISIT, "seconds": "1" + "0" * 9}, "count_too_large"),
]
GOOD: dict[Entity, Mapping[str, str | None]] = {
    Entity.ORDER: order("good"),
    Entity.ORDER_LINE: {**LINE, "line_id": "good"},
    Entity.REFUND: {**REFUND, "refund_id": "good"},
    Entity.SHIPMENT: {**PARCEL, "shipment_id": "good"},
    Entity.TRACKING_EVENT: SCAN,
    Entity.PRODUCT: {**PRODUCT, "product_id": "good"},
    Entity.REVIEW: {**REVIEW, "review_id": "good"},
    Entity.PAYMENT: {**PAYMENT, "payment_id": "good"},
    Entity.INQUIRY: {**INQUIRY, "inquiry_id": "good", "customer_id": None, "order_id": "o1"},
    Entity.VISIT: {**VISIT, "visit_id": "good"},
    Entity.MEMBER: member("good", gender="female"),
}


def quarantined(tx: Transaction) -> list[tuple[Any, ...]]:
    text = "SELECT entity, line_no, reasons FROM landing.quarantine ORDER BY entity, line_no"
    return [tuple(row) for row in tx.connection.exec_driver_sql(text)]


def land_everything(tx: Transaction, as_of: datetime = AS_OF) -> None:
    for read, landed in landing.LANDS.items():
        rows = {entity: [row for of, row, _ in BROKEN if of == entity] + [GOOD[entity]] for entity in landed}
        land(tx, rows, entity=read, as_of=as_of)


def test_every_rule_quarantines_the_row_it_is_for_and_only_that(tx: Transaction) -> None:
    land_everything(tx)
    counts = [tx_counts.quarantined for tx_counts in load_pending(tx).values()]
    reasons = {(entity, line): reasons for entity, line, reasons in quarantined(tx)}
    for entity in Entity:
        broken = [rule for of, _, rule in BROKEN if of == entity]
        for line, rule in enumerate(broken, start=1):
            assert rule in reasons[entity, line], (entity, line, rule, reasons[entity, line])
        assert (entity, len(broken) + 1) not in reasons
    assert sum(counts) == len(BROKEN)


def test_no_rule_is_without_a_row_that_breaks_it() -> None:
    assert {(entity, rule) for entity, _, rule in BROKEN} == {
        (entity, rule) for entity, rules in ROW_RULES.items() for rule in rules
    }


def test_great_expectations_counts_what_is_quarantined(database: Database) -> None:
    with database.transaction() as tx:
        land_everything(tx)
        batches = landing.pending(tx, "shop")
    findings = gate.judge(database.url, "shop", batches, AS_OF)
    with database.transaction() as tx:
        load_pending(tx)
        reasons = [(entity, reason) for entity, _, reasons in quarantined(tx) for reason in reasons]
    counted = {(f.entity, f.rule): f.failing for f in findings if f.severity == "row" and f.failing}
    assert counted == {pair: reasons.count(pair) for pair in set(reasons)}
    assert {f.rule for f in findings if not f.success} >= {"missing_key", "unreadable_amount"}


def test_the_statements_have_exactly_the_rules_of_the_suites(tx: Transaction) -> None:
    for entity, rules in LINE_RULES.items():
        if not rules:
            continue
        values = {"batch_id": 0, "as_of": AS_OF, "as_of_day": "2026-11-20"}
        text = tx.connection.exec_driver_sql
        from touchpoint import statements

        statement = statements.load(f"checks/rows/{entity.value}")
        bound, given = statement.bind({name: values[name] for name in statement.params})
        assert tuple(text(bound, given).keys()) == ("line_no", *rules)


def test_currencies_and_their_decimals_are_the_same_in_python_and_in_the_database(tx: Transaction) -> None:
    text = "SELECT facts.currency_exponent(%(code)s)"
    for code, exponent in {**EXPONENTS, "XXX": None, "cny": None}.items():
        assert tx.connection.exec_driver_sql(text, {"code": code}).scalar() == exponent


def test_the_same_version_twice_with_different_content_is_refused_and_once_more_the_same_is_not(
    tx: Transaction,
) -> None:
    land(tx, {Entity.ORDER: [order("a"), order("a", total="1"), order("b"), order("b"), order("c", modified_at=None)]})
    assert list(load_pending(tx).values()) == [Counts(5, 2, 1, 0, 2)]
    assert quarantined(tx) == [("order", 1, [CONTRADICTING]), ("order", 2, [CONTRADICTING])]


def test_a_line_with_several_faults_is_quarantined_once_with_all_of_them_and_its_payload(tx: Transaction) -> None:
    land(tx, {Entity.ORDER: [order(total="x", kind="barter", region="浙江省")]})
    load_pending(tx)
    row = tx.connection.exec_driver_sql("SELECT * FROM landing.quarantine").one()
    assert row.reasons == ["unknown_kind", "unreadable_amount"]
    assert row.columns_by_reason == {"unknown_kind": ["kind"], "unreadable_amount": ["total"]}
    assert row.payload["region"] == "浙江省"
    assert (row.payload["total"], row.as_of) == ("x", AS_OF)


def test_ten_thousand_bad_rows_are_all_quarantined_and_the_good_ones_loaded(database: Database) -> None:
    rows = [order(f"o{at}", total="x" if at < 10_000 else "1", customer_id=f"c{at % 50}") for at in range(10_100)]
    with database.transaction() as tx:
        land(tx, pages=[Page({Entity.ORDER: table(rows)}, malformed=[Line(Entity.ORDER, 1, "?")])])
        batch = batch_of(tx)
    findings = gate.judge(database.url, "shop", [batch], AS_OF)
    assert [f.failing for f in findings if f.rule == "unreadable_amount"] == [10_000]
    assert [f.success for f in findings if (f.rule, f.severity) == ("quarantined_share", "critical")] == [False]
    with database.transaction() as tx:
        assert gate.quarantine_rows(tx, batch, findings) == 10_000
        counts = merge.load(tx, shop=shop(), batch=batch, as_of=AS_OF, key=KEY)
    assert counts == Counts(10_101, 100, 0, 0, 10_001)


def run_no(tx: Transaction, run_id: str = "r1") -> int:
    text = (
        "INSERT INTO ledger.run (realm, shop_id, dag_id, run_id, cadence, run_type, as_of, mode, is_at_head) VALUES"
        " ('live', 'shop', 'd', %(run_id)s, 'intraday', 'scheduled', %(as_of)s, 'send', true) RETURNING run_no"
    )
    return int(tx.connection.exec_driver_sql(text, {"run_id": run_id, "as_of": AS_OF}).scalar_one())


def gate_state(tx: Transaction, run: int) -> str | None:
    return tx.connection.exec_driver_sql("SELECT state FROM ledger.gate WHERE run_no = %(r)s", {"r": run}).scalar()


def found(batch_id: int, *, success: bool, severity: str = "critical") -> Finding:
    return Finding(batch_id, "order", "quarantined_share", severity, success, int(not success))


def test_nothing_to_judge_is_passed(tx: Transaction) -> None:
    run = run_no(tx)
    assert gate_state(tx, run) is None
    assert gate.judge("nowhere", "shop", [], AS_OF) == []
    assert gate.record(tx, run, [])
    assert gate_state(tx, run) == "passed"


def test_a_failed_critical_rule_fails_the_run_and_leaves_everything_pending(tx: Transaction) -> None:
    run, batches = run_no(tx), land(tx, {Entity.ORDER: [order()], Entity.ORDER_LINE: [LINE]})
    findings = [found(batches[0], success=False), found(batches[1], success=True)]
    assert not gate.record(tx, run, findings)
    assert gate_state(tx, run) == "failed"
    assert gate.findings(tx, run) == findings
    assert [batch.verdict for batch in landing.pending(tx, "shop")] == ["failed", "passed"]
    assert gate.show(tx, "shop")[0]["failed_rules"] == "quarantined_share"


def test_a_warning_fails_nothing(tx: Transaction) -> None:
    run, batches = run_no(tx), land(tx, {Entity.ORDER: [order()]})
    assert gate.record(tx, run, [found(batches[0], success=False, severity="warning")])
    assert landing.pending(tx, "shop")[0].verdict == "passed"


def test_a_cleared_run_with_nothing_left_to_judge_keeps_what_was_found(tx: Transaction) -> None:
    run, batches = run_no(tx), land(tx, {})
    first = [found(batches[0], success=True)]
    gate.record(tx, run, first)
    gate.record(tx, run, [])
    assert gate.findings(tx, run) == first


def test_a_released_batch_stops_nothing_and_loads_its_good_rows(database: Database) -> None:
    with database.transaction() as tx:
        rows = [order(f"o{at}", total="x" if at < 150 else "1") for at in range(300)]
        (batch_id,) = land(tx, {Entity.ORDER: rows})
        batch = batch_of(tx)
    findings = gate.judge(database.url, "shop", [batch], AS_OF)
    with database.transaction() as tx:
        assert not gate.record(tx, run_no(tx), findings)
        with pytest.raises(TouchpointError, match="no note"):
            gate.release(tx, batch_id, "ops", " ")
        gate.release(tx, batch_id, "ops", "the export was cut short, the rest is fine")
        released = batch_of(tx)
    assert released.verdict == "released"
    findings = gate.judge(database.url, "shop", [released], LATER)
    with database.transaction() as tx:
        assert gate.record(tx, run_no(tx, "r2"), findings)
        assert batch_of(tx).verdict == "released"  # the gate does not talk a person down
        gate.quarantine_rows(tx, released, findings)
        assert merge.load(tx, shop=shop(), batch=released, as_of=LATER, key=KEY) == Counts(300, 150, 0, 0, 150)
        with pytest.raises(TouchpointError, match="no such pending batch"):
            gate.release(tx, batch_id, "ops", "again")
        land(tx, {Entity.ORDER: [order(f"n{at}") for at in range(300)]}, as_of=LATER)
        following = batch_of(tx)
    # The person has settled it: for a day the share would else stop every run.
    assert all(f.success for f in gate.judge(database.url, "shop", [following], LATER) if f.severity == "critical")


def test_a_rejected_batch_goes_to_quarantine_whole(tx: Transaction) -> None:
    (batch_id,) = land(tx, pages=[Page({Entity.ORDER: table([order("a"), order("b")])}, [Line(Entity.ORDER, 1, "?")])])
    gate.reject(tx, batch_id, "ops", "another shop's file")
    assert landing.pending(tx, "shop") == []
    assert [reasons for *_, reasons in quarantined(tx)] == [["batch_rejected"], ["batch_rejected"], ["column_count"]]
    row = tx.connection.exec_driver_sql(
        "SELECT state, judged_by, verdict_note, landed, quarantined FROM landing.batch"
    ).one()
    assert tuple(row) == ("rejected", "ops", "another shop's file", 3, 3)


def judged(database: Database, batch_rule: str, severity: str = "critical") -> bool:
    with database.transaction() as tx:
        batch = batch_of(tx)
    (finding,) = (
        f for f in gate.judge(database.url, "shop", [batch], AS_OF) if (f.rule, f.severity) == (batch_rule, severity)
    )
    return finding.success


def test_shares_are_not_judged_below_two_hundred_rows(database: Database) -> None:
    with database.transaction() as tx:
        land(tx, {Entity.ORDER: [order(f"o{at}", total="x") for at in range(199)]})
    assert judged(database, "quarantined_share")
    with database.transaction() as tx:
        land(tx, {Entity.ORDER: [order("last")]}, as_of=LATER)
    assert judged(database, "quarantined_share")  # 200 rows in 24 hours, but of these none is quarantined yet
    with database.transaction() as tx:
        load_pending(tx, as_of=LATER)
        land(tx, {Entity.ORDER: [order("next")]}, as_of=LATER)
    assert not judged(database, "quarantined_share")


def test_a_persons_word_settles_the_share_of_the_batches_before_it_too(database: Database) -> None:
    """Else the bad rows of this morning stop every run until tomorrow, whatever is released."""
    with database.transaction() as tx:
        land(tx, {Entity.ORDER: [order(f"o{at}", total="x" if at < 60 else "1") for at in range(150)]})
        load_pending(tx)
        (clean,) = land(tx, {Entity.ORDER: [order(f"n{at}") for at in range(60)]}, as_of=LATER)
    assert not judged(database, "quarantined_share")
    with database.transaction() as tx:
        gate.release(tx, clean, "ops", "this morning's rows were looked at")
        load_pending(tx, as_of=LATER)
        land(tx, {Entity.ORDER: [order(f"m{at}") for at in range(60)]}, as_of=LATER)
    assert judged(database, "quarantined_share")
    with database.transaction() as tx:
        load_pending(tx, as_of=LATER)
        land(tx, {Entity.ORDER: [order(f"b{at}", total="x") for at in range(250)]}, as_of=LATER)
    assert not judged(database, "quarantined_share")  # what comes in after it is judged as ever


def test_a_source_that_delivers_once_in_a_while_is_not_stopped_on_the_days_between(database: Database) -> None:
    """A member list exported by the week, a shop on holiday: an empty batch is normal."""
    with database.transaction() as tx:
        days_of(tx, {4: 2000, 0: 0})
    assert judged(database, "volume_low")
    assert not judged(database, "volume_low", "warning")


def test_a_history_batch_is_judged_on_itself(database: Database) -> None:
    with database.transaction() as tx:
        land(tx, {Entity.ORDER: [order(f"o{at}", total="x") for at in range(300)]})
        load_pending(tx)
        land(tx, {Entity.ORDER: [order(f"h{at}") for at in range(300)]}, is_history=True, as_of=LATER)
    assert judged(database, "quarantined_share")


def test_a_batch_whose_key_column_is_missing_is_stopped(database: Database) -> None:
    with database.transaction() as tx:
        land(tx, {Entity.ORDER: [order(order_id=None) for _ in range(200)]})
    assert not judged(database, "keys_absent")


def days_of(tx: Transaction, rows: Mapping[int, int]) -> None:
    """So many orders landed so many days before AS_OF."""
    for days, count in sorted(rows.items(), reverse=True):
        land(tx, {Entity.ORDER: [order(f"d{days}-{at}") for at in range(count)]}, as_of=AS_OF - timedelta(days=days))


def test_a_day_with_next_to_nothing_stops_the_run_and_a_weak_one_is_told(database: Database) -> None:
    with database.transaction() as tx:
        days_of(tx, {4: 300, 3: 300, 2: 300, 0: 3})
    assert not judged(database, "volume_low")
    assert not judged(database, "volume_low", "warning")
    assert judged(database, "volume_high", "warning")


def test_an_empty_batch_in_a_usual_day_is_normal(database: Database) -> None:
    with database.transaction() as tx:
        days_of(tx, {4: 300, 3: 300, 2: 300})
        land(tx, {Entity.ORDER: [order(f"n{at}") for at in range(250)]}, as_of=AS_OF - timedelta(hours=2))
        land(tx, {})
    assert judged(database, "volume_low")
    assert judged(database, "volume_low", "warning")


def test_a_small_or_a_young_shop_is_not_judged_by_volume(database: Database) -> None:
    with database.transaction() as tx:
        days_of(tx, {4: 150, 3: 150, 0: 0})
    assert judged(database, "volume_low")


def test_freshness_is_judged_on_the_successful_call_not_on_rows(database: Database) -> None:
    with database.transaction() as tx:
        land(tx, {})
    assert judged(database, "call_stale", "warning")
    with database.transaction() as tx:
        tx.connection.exec_driver_sql("UPDATE landing.watermark SET succeeded_at = now() - interval '4 hours'")
    assert not judged(database, "call_stale", "warning")


def test_an_expectation_that_cannot_be_evaluated_is_an_error_not_a_verdict(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.transaction() as tx:
        land(tx, {Entity.ORDER: [order()]})
        batch = batch_of(tx)
    broken = suites.Expectation("division", "critical", "checks/batch/call_stale", {"batch_id": 1, "not_before": "no"})
    monkeypatch.setattr(judge, "expectations", lambda *_: [broken])
    with pytest.raises(TouchpointError, match="division could not be judged"):
        gate.judge(database.url, "shop", [batch], AS_OF)


def test_the_shipped_thresholds_load() -> None:
    assert load_thresholds().need_rows == 200


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (
            "postgresql+psycopg2://u:@localhost/x?host=/run/s",
            "postgresql+psycopg2://u:none@localhost/x?host=%2Frun%2Fs",
        ),
        ("postgresql+psycopg2://u@/x", "postgresql+psycopg2://u:none@localhost/x"),
        # A dollar sign would be taken for a variable of the library's configuration.
        ("postgresql+psycopg2://u:a$b@h:5/x", "postgresql+psycopg2://u:a%24b@h:5/x"),
    ],
)
def test_the_library_gets_a_url_it_takes(given: str, expected: str) -> None:
    assert judge.gx_url(given) == expected
