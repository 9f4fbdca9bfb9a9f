"""Scores, groups, tiers: ties, boundaries, small shops, guests; made only where a statement asks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.sql.decide.building import (
    AS_OF,
    SHOP,
    add_customer,
    add_order,
    collected,
    insert,
    make_campaign,
    make_run,
    make_segments,
    make_shop,
    refreshed,
    rows,
    scratched,
    undone,
)

from touchpoint.db import Database, Json, Transaction
from touchpoint.decide import audience
from touchpoint.errors import ConfigError, TouchpointError
from touchpoint.record import refresh, rfm, segments
from touchpoint.record.derived import Derived
from touchpoint.record.explain import explain
from touchpoint.record.reasons import troubles
from touchpoint.settings import Segments, load_tags
from touchpoint.settings.segments import mean_score

DAY, TICK = timedelta(days=1), timedelta(microseconds=1)
Customer = tuple[datetime, int, int]  # last paid, orders, net
LABELS = (
    "SELECT f.customer_no, labels.* FROM pg_temp.made AS f CROSS JOIN LATERAL record.labels("
    "f.last_paid_at, f.order_count, f.net_minor, %(at)s::timestamptz, %(rfm)s::jsonb, %(segments)s::jsonb) AS labels"
    " ORDER BY f.customer_no"
)
HELD = "SELECT name, setting FROM pg_settings WHERE name IN ('work_mem', 'enable_hashagg', 'enable_seqscan')"


@pytest.fixture(scope="module")
def shared(server: Any) -> Iterator[Database]:
    """One database for all examples: each works in a transaction that is undone."""
    server.create_database("test_segments", template="template_touchpoint")
    database = Database(server.url("test_segments"))
    yield database
    database.close()


def rules(**changed: Any) -> Segments:
    """The rules of the repository, RFM changed; from five customers on they have quintiles."""
    made = make_segments()
    return made.model_copy(update={"rfm": made.rfm.model_copy(update={"min_customers": 5, **changed})})


def label(tx: Transaction, people: list[Customer], made: Segments, **shop: Any) -> tuple[dict[str, Any], list[Any]]:
    """Bounds of made-up customers, and their labels."""
    tx.connection.exec_driver_sql(
        "CREATE TEMPORARY TABLE made (shop_id text, customer_no bigint, last_paid_at timestamptz, order_count integer,"
        " net_minor bigint) ON COMMIT DROP"
    )
    for number, (last, orders, net) in enumerate(people):
        insert(tx, "made", shop_id=SHOP, customer_no=number, last_paid_at=last, order_count=orders, net_minor=net)
    bounds = rfm.bounds(tx, shop=make_shop(**shop), as_of=AS_OF, relation="pg_temp.made", segments=made)
    return bounds, rows(tx, LABELS, at=AS_OF, rfm=Json(bounds), segments=Json(made.seconds()))


def naive_score(value: Any, values: list[Any]) -> int:
    """1, and one more for each fifth of the customers whose largest value lies below."""
    ranked = sorted(values)
    ends = [ranked[-(-k * len(ranked) // 5) - 1] for k in range(1, 5)]
    return 1 + sum(value > end for end in ends)


people = st.tuples(
    st.integers(0, 40).map(lambda days: AS_OF - days * DAY)
    | st.integers(0, 9).map(lambda ticks: AS_OF - DAY - ticks * TICK),
    st.integers(1, 6),
    st.integers(-300, 300),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=st.lists(people, min_size=5, max_size=30))
def test_scores_are_those_of_a_plain_ranking_and_equal_values_score_equally(
    shared: Database, made: list[Customer]
) -> None:
    with undone(shared) as tx:
        bounds, found = label(tx, made, rules())
        assert (bounds["rule"], bounds["customers"]) == ("quintiles", len(made))
        for number, name in enumerate(("r_score", "f_score", "m_score")):
            values = [customer[number] for customer in made]
            assert [row[name] for row in found] == [naive_score(value, values) for value in values]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(values=list(range(35)))  # a fifth of 35 is a little more than 7 in binary
@given(values=st.lists(st.integers(-1000, 1000), min_size=5, max_size=40, unique=True))
def test_without_ties_each_score_holds_a_fifth(shared: Database, values: list[int]) -> None:
    with undone(shared) as tx:
        _, found = label(tx, [(AS_OF, 1, value) for value in values], rules())
        held = [sum(row["m_score"] == score for row in found) for score in range(1, 6)]
        assert max(held) - min(held) <= 1


def test_most_of_a_shop_bought_once_and_all_of_them_score_one(shared: Database) -> None:
    with undone(shared) as tx:
        _, found = label(tx, [(AS_OF, 1, 5)] * 17 + [(AS_OF, 2, 5), (AS_OF, 3, 5), (AS_OF, 9, 5)], rules())
        assert [row["f_score"] for row in found] == [1] * 17 + [5, 5, 5]
        assert {row["r_score"] for row in found} == {1}, "all alike: nobody is better than anybody"


@pytest.mark.parametrize(("customers", "rule"), [(99, "thresholds"), (100, "quintiles"), (0, "thresholds")])
def test_a_shop_too_small_for_quintiles_is_scored_by_thresholds(shared: Database, customers: int, rule: str) -> None:
    with undone(shared) as tx:
        bounds, _ = label(tx, [(AS_OF, 1, 5)] * customers, make_segments())
        assert (bounds["rule"], bounds["customers"]) == (rule, customers)
        assert bounds["tier_rule"] == {"thresholds": "amounts", "quintiles": "quantiles"}[rule]


def test_thresholds_hold_whatever_the_size_where_the_file_says_so(shared: Database) -> None:
    with undone(shared) as tx:
        bounds, _ = label(tx, [(AS_OF, 1, 5)] * 9, rules(rule="thresholds"))
        assert (bounds["rule"], bounds["tier_rule"]) == ("thresholds", "quantiles"), "tiers have a rule of their own"


@pytest.mark.parametrize(
    ("silence", "score"),
    [(30 * DAY - TICK, 5), (30 * DAY, 4), (90 * DAY, 3), (180 * DAY, 2), (365 * DAY - TICK, 2), (365 * DAY, 1)],
)
def test_a_threshold_of_silence_is_half_open_as_a_stage_is(shared: Database, silence: timedelta, score: int) -> None:
    with undone(shared) as tx:
        _, found = label(tx, [(AS_OF - silence, 1, 5)], make_segments())
        assert [row["r_score"] for row in found] == [score]


@pytest.mark.parametrize(
    ("orders", "net", "scores"),
    [
        (1, 199_99, (1, 1)),
        (2, 200_00, (2, 2)),
        (4, 500_00, (3, 3)),
        (5, 4999_99, (4, 4)),
        (10, 5000_00, (5, 5)),
        (1, -300, (1, 1)),
    ],
)
def test_thresholds_of_orders_and_money_begin_at_the_value(
    shared: Database, orders: int, net: int, scores: tuple[int, int]
) -> None:
    with undone(shared) as tx:
        _, found = label(tx, [(AS_OF, orders, net)], make_segments())
        assert [(row["f_score"], row["m_score"]) for row in found] == [scores]


@pytest.mark.parametrize(("net", "tier"), [(499_99, "ordinary"), (500_00, "middle"), (2000_00, "high"), (10**8, "top")])
def test_a_tier_begins_at_its_amount(shared: Database, net: int, tier: str) -> None:
    with undone(shared) as tx:
        _, found = label(tx, [(AS_OF, 1, net)], make_segments())
        assert [row["value_tier"] for row in found] == [tier]


def test_tiers_by_quantile_hold_their_shares(shared: Database) -> None:
    with undone(shared) as tx:
        _, found = label(tx, [(AS_OF, 1, value) for value in range(100)], make_segments())
        held = [row["value_tier"] for row in found]
        assert [held.count(tier) for tier in ("ordinary", "middle", "high", "top")] == [50, 30, 15, 5]
        assert held == sorted(held, key=["ordinary", "middle", "high", "top"].index)


def test_a_currency_without_amounts_is_refused_only_where_amounts_are_needed(shared: Database) -> None:
    with undone(shared) as tx:
        label(tx, [(AS_OF, 1, 5)] * 9, rules(), currency="JPY")
    with undone(shared) as tx, pytest.raises(ConfigError, match="monetary has no amounts in JPY"):
        label(tx, [(AS_OF, 1, 5)] * 4, rules(), currency="JPY")


def test_amounts_are_taken_in_the_currency_s_own_coins(shared: Database) -> None:
    made = make_segments()
    coins = [Decimal(value) for value in (1, 2, 3, 4)]
    given = made.rfm.thresholds.model_copy(update={"monetary": {"JPY": coins, "KWD": coins}})
    tiers = made.value_tiers.model_copy(update={"amounts": {"JPY": coins[:3], "KWD": coins[:3]}})
    changed = rules(thresholds=given).model_copy(update={"value_tiers": tiers})
    for currency, minor in (("JPY", [1, 2, 3, 4]), ("KWD", [1000, 2000, 3000, 4000])):
        with undone(shared) as tx:
            bounds, _ = label(tx, [], changed, currency=currency)
            assert (bounds["monetary"], bounds["tier_from"]) == (minor, minor[:3])


def test_every_combination_of_scores_has_the_group_of_the_file(shared: Database) -> None:
    made = make_segments()
    silences, orders, net = [400, 200, 100, 50, 1], [1, 2, 3, 5, 10], [1, 200_00, 500_00, 1500_00, 5000_00]
    combinations = list(product(range(1, 6), repeat=3))
    everybody = [(AS_OF - silences[r - 1] * DAY, orders[f - 1], net[m - 1]) for r, f, m in combinations]
    with undone(shared) as tx:
        _, found = label(tx, everybody, rules(rule="thresholds"))
    assert [(row["r_score"], row["f_score"], row["m_score"]) for row in found] == combinations
    assert [row["rfm_group"] for row in found] == [
        next(
            name
            for name, blocks in made.rfm.groups.items()
            if any(
                score in (scores or [score])
                for block in blocks
                for scores, score in [(block.fm, mean_score(f, m))]
                if r in (block.r or [r])
            )
        )
        for r, f, m in combinations
    ]


def test_somebody_without_a_paid_order_is_a_prospect_and_nothing_else(shared: Database) -> None:
    with undone(shared) as tx:
        bounds, _ = label(tx, [(AS_OF, 1, 5)] * 9, rules())
        text = "SELECT * FROM record.labels(NULL, NULL, NULL, %(at)s::timestamptz, %(r)s::jsonb, %(s)s::jsonb)"
        (found,) = rows(tx, text, at=AS_OF, r=Json(bounds), s=Json(make_segments().seconds()))
        assert found.pop("stage") == "prospect"
        assert set(found.values()) == {None}


def test_labels_are_worked_into_the_calling_statement(shared: Database) -> None:
    """A function called for each row would read the configuration a million times."""
    with undone(shared) as tx:
        bounds, _ = label(tx, [(AS_OF, 1, 5)] * 9, rules())
        given = {"at": AS_OF, "rfm": Json(bounds), "segments": Json(make_segments().seconds())}
        plan = "\n".join(row["QUERY PLAN"] for row in rows(tx, f"EXPLAIN (VERBOSE) {LABELS}", **given))
        assert "Function Scan" not in plan
        assert "#>>" not in plan, "bounds are constants"


def a_shop(tx: Transaction) -> None:
    """Nine buyers, one of them with a refund; a guest, and somebody who has not paid yet."""
    for number in range(9):
        paid = AS_OF - (number + 1) * DAY
        add_order(tx, f"A{number}", f"b{number}", AS_OF - 20 * DAY, paid_at=paid, paid_minor=100 * number)
    add_order(tx, "G", "order:G", AS_OF - 20 * DAY, paid_at=AS_OF - DAY, paid_minor=10**6)
    tx.connection.exec_driver_sql("UPDATE facts.customers SET is_guest = true WHERE customer_id = 'order:G'")
    add_order(tx, "U", "undecided", AS_OF - DAY)
    at = {"happened_at": AS_OF - DAY, "modified_at": AS_OF - DAY, "known_at": AS_OF - DAY, "batch_id": 1}
    insert(tx, "facts.refunds", shop_id=SHOP, refund_id="R", order_id="A8", amount_minor=900, currency="CNY", **at)
    insert(
        tx,
        "facts.products",
        shop_id=SHOP,
        product_id="p-A1",
        series="retro",
        currency="CNY",
        **{key: value for key, value in at.items() if key != "happened_at"},
    )


@contextmanager
def everybody(tx: Transaction) -> Iterator[segments.Everybody]:
    collected(tx, AS_OF)
    with segments.everybody(tx, shop=make_shop(), as_of=AS_OF, segments=rules(), tags=load_tags()) as made:
        yield made


def counted(tx: Transaction) -> list[dict[str, Any]]:
    with everybody(tx) as made:
        return segments.counts(tx, shop=make_shop(), as_of=AS_OF, everyone=made)


def explained(tx: Transaction, customer_id: str) -> list[dict[str, Any]]:
    with everybody(tx) as made:
        given = {"shop": make_shop(), "as_of": AS_OF, "segments": rules(), "tags": load_tags(), "everyone": made}
        return explain(tx, customer_id=customer_id, **given)


def test_guests_are_in_no_segment_and_no_quintile(tx: Transaction) -> None:
    a_shop(tx)
    found = counted(tx)
    heads = {kind: sum(row["customers"] for row in found if row["kind"] == kind) for kind in ("rfm_group", "stage")}
    assert heads == {"rfm_group": 9, "stage": 10}, "who has not paid has a stage alone"
    assert max(row["net"] for row in found) < 10**4
    (told,) = explained(tx, "order:G")
    assert told["what"] == "guest"


def test_the_planner_has_its_settings_back(tx: Transaction) -> None:
    a_shop(tx)
    settings_before = rows(tx, HELD)
    counted(tx)
    refreshed(tx, AS_OF, [1])
    assert rows(tx, HELD) == settings_before


def test_explain_tells_values_scores_and_where_they_begin(tx: Transaction) -> None:
    a_shop(tx)
    found = {row["what"]: row for row in explained(tx, "b8")}
    assert str(found["net"]["value"]) == "-1.00"
    assert found["m_score"]["value"] == 1
    assert "quintiles, 9 customers" in found["rfm_group"]["why"]
    bought = explained(tx, "b1")
    assert [str(row["value"]) for row in bought if row["what"] == "series retro"] == ["10.00"]
    (prospect,) = explained(tx, "undecided")
    assert prospect["value"] == "prospect"
    with pytest.raises(TouchpointError, match="no customer 'nobody'"):
        explained(tx, "nobody")


class Untouched:
    """A record nobody may ask for; what was learned is looked up when a campaign works by it."""

    lessons = None
    series = property(lambda self: pytest.fail("series made"))
    rfm = property(lambda self: pytest.fail("bounds made"))


def test_series_and_bounds_are_made_only_for_a_statement_that_asks(tx: Transaction) -> None:
    add_customer(tx, "b")
    asked = {"run": make_run(tx), "shop": make_shop(), "campaign": make_campaign(), "segments": rules()}
    relation = scratched(tx, AS_OF, 1)
    audience.ask(tx, **asked, relation=relation, derived=Untouched())


def test_a_run_s_own_series_are_dropped_with_its_features(tx: Transaction) -> None:
    a_shop(tx)
    run = make_run(tx)
    relation = scratched(tx, AS_OF, run.run_no)
    derived = Derived(tx, make_shop(), AS_OF, run.run_no, relation, rules(), load_tags())
    assert derived.rfm["customers"] == 9
    assert rows(tx, f"SELECT series, order_count, net_minor FROM {derived.series}") == [
        {"series": "retro", "order_count": 1, "net_minor": 1000}
    ]
    refresh.drop_scratch(tx, run.run_no)
    assert rows(tx, "SELECT to_regclass(%(name)s) AS found", name=derived.series) == [{"found": None}]


def test_at_the_head_the_stored_series_are_read(tx: Transaction) -> None:
    derived = Derived(tx, make_shop(), AS_OF, 1, refresh.FEATURES, rules(), load_tags())
    assert derived.series == refresh.SERIES


def test_audiences_read_what_agents_said_before_what_was_inferred(tx: Transaction) -> None:
    given = {"shop_id": SHOP, "valid_from": AS_OF - DAY}
    for customer, tag, value in (
        ("b", "life_stage", "mature"),
        ("b", "payday", "10-15"),
        ("c", "life_stage", "mature"),
    ):
        number = add_customer(tx, customer)
        insert(tx, "record.customer_tags", tag=tag, value=value, customer_no=number, evidence=3, **given)

    def read(run_no: int, as_of: datetime = AS_OF) -> tuple[str, list[tuple[str, str]]]:
        derived = Derived(tx, make_shop(), as_of, run_no, refresh.FEATURES, rules(), load_tags())
        found = rows(tx, f"SELECT tag, value FROM {derived.tags} ORDER BY customer_no, tag")
        return derived.tags, [(row["tag"], row["value"]) for row in found]

    inferred = [("life_stage", "mature"), ("payday", "10-15"), ("life_stage", "mature")]
    assert read(1) == (refresh.TAGS, inferred), "nothing said, nothing made"
    said = {"tag": "life_stage", "value": "student", "author": "Lin", "happened_at": AS_OF, "known_at": AS_OF}
    insert(tx, "record.manual_tags", shop_id=SHOP, customer_no=add_customer(tx, "b"), **said)
    relation, now = read(2)
    assert now == [("life_stage", "student"), *inferred[1:]]
    columns = (
        "SELECT attname, atttypid FROM pg_attribute WHERE attrelid = %(of)s::regclass AND attnum > 0 ORDER BY attnum"
    )
    assert rows(tx, columns, of=relation) == rows(tx, columns, of=refresh.TAGS)
    assert read(3, AS_OF - TICK) == (refresh.TAGS, inferred), "not known yet"
    refresh.drop_scratch(tx, 2)
    assert rows(tx, "SELECT to_regclass(%(name)s) AS found", name=relation) == [{"found": None}]


def test_what_agents_said_is_told_before_what_was_inferred_and_troubles_in_words(tx: Transaction) -> None:
    a_shop(tx)
    number = rows(tx, "SELECT customer_no FROM facts.customers WHERE customer_id = 'b8'")[0]["customer_no"]
    said = {"happened_at": AS_OF - DAY, "known_at": AS_OF - DAY, "author": "desk 3"}
    for tag, value in (("temperament", "generous"), ("leaving_cause", "asleep")):
        insert(tx, "record.manual_tags", shop_id=SHOP, customer_no=number, tag=tag, value=value, **said)
    found = {row["what"]: row for row in explained(tx, "b8")}
    assert (found["tag temperament"]["value"], found["tag temperament"]["why"][:14]) == ("generous", "said by desk 3")
    for bits in range(16):
        assert [{"words": troubles(bits)}] == rows(tx, "SELECT record.trouble_words(%(bits)s) AS words", bits=bits)
