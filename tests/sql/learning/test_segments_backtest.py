"""Backtests of dormancy rules: what they see, what they keep, and what holds from then on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.sql.decide.building import SHOP, make_segments, make_shop, undone
from tests.sql.record.purchases import load as narrowly

from touchpoint.db import Database, Transaction
from touchpoint.errors import LedgerError
from touchpoint.learning import backtest, dormancy, histories, kept, learners, verdict
from touchpoint.learning import outlook as expected
from touchpoint.learning.dormancy import dormancy_rules
from touchpoint.learning.dormancy_lessons import learn_lifetime
from touchpoint.learning.lessons import Lesson, Rules
from touchpoint.learning.lifetime import PARAMETERS, Lifetime, NotLearned
from touchpoint.settings import Segments
from touchpoint.settings.learning import load_learning

DAY = timedelta(days=1)
OPENED = datetime(2025, 1, 1, tzinfo=UTC)
T = OPENED + 400 * DAY
END = T + 90 * DAY
STORE = make_shop(zone="UTC")
CUSTOMERS = """
INSERT INTO facts.customers (customer_no, shop_id, customer_id, identity, identity_from, known_at)
OVERRIDING SYSTEM VALUE
SELECT number, %(shop)s, 'c' || number, md5(number::text)::uuid, 'buyer', '2020-01-01Z'
FROM generate_series(1, 1500) AS number
"""


def rules(**changed: Any) -> Segments:
    segments = make_segments()
    given = {"rule": "learned", "min_customers": 300, "min_repeat_buyers": 50, **changed}
    return segments.model_copy(update={"dormancy": segments.dormancy.model_copy(update=given)})


def purchases(count: int, seed: int) -> pd.DataFrame:
    """Customers who buy at rates of their own and leave by chances of their own, over 500 days."""
    chance = np.random.default_rng(seed)
    made = []
    for number in range(1, count + 1):
        time, rate, leaves = chance.uniform(0, 380), chance.gamma(0.8, 1 / 50), chance.beta(0.8, 2.5)
        scale = chance.gamma(4, 1 / 8000)
        while time < 500:
            made.append((number, time, round(chance.gamma(5, 1 / scale))))
            if chance.random() < leaves:
                break
            time += chance.exponential(1 / rate)
    return pd.DataFrame(made, columns=["customer_no", "day", "net_minor"])


def load(tx: Transaction, bought: pd.DataFrame, known_after: float = 0.0, key: int = 0) -> None:
    """Purchases on days since the shop opened, known so many days after they were paid."""
    paid_at = [OPENED + DAY * float(day) for day in bought["day"]]
    told = bought.assign(paid_at=pd.Series(paid_at, index=bought.index, dtype=object))
    narrowly(tx, SHOP, told if "net_minor" in told else told.assign(net_minor=1000), DAY * known_after, key)


@pytest.fixture(scope="module")
def shared(server: Any) -> Iterator[Database]:
    server.create_database("test_segments_backtest", template="template_touchpoint")
    database = Database(server.url("test_segments_backtest"))
    with database.transaction() as tx:
        load(tx, purchases(1500, seed=2))
    yield database
    database.close()


def test_a_backtest_never_sees_what_came_or_became_known_later(
    shared: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    dormancy = rules().dormancy
    with undone(shared) as tx:
        before = backtest.origin(tx, shop=STORE, at=T, known_at=END, dormancy=dormancy)
        everybody = pd.DataFrame({"customer_no": range(1, 1401)})
        load(tx, everybody.assign(day=430.0), key=100_000)  # nearly all come back after T
        load(tx, everybody.assign(day=395.0), known_after=20, key=200_000)  # bought before T, known after it
        after = backtest.origin(tx, shop=STORE, at=T, known_at=END, dormancy=dormancy)
        assert (before.digest, before.learned, before.customers) == (after.digest, after.learned, after.customers)
        assert [name for name in before.calls if sum(before.calls[name][::2]) != before.customers] == []
        assert {name: calls[::2] for name, calls in before.calls.items()} == {
            name: calls[::2] for name, calls in after.calls.items()
        }
        assert before.bought < 0.5
        assert after.bought > 0.9, "what came is seen, where it is looked for"
        # The same test, had features been taken as of the end.
        seen = histories.known
        monkeypatch.setattr(
            histories, "known", lambda tx, *, shop, as_of, sample: seen(tx, shop=shop, as_of=END, sample=sample)
        )
        leaking = backtest.origin(tx, shop=STORE, at=T, known_at=END, dormancy=dormancy)
        assert leaking.digest != before.digest


def test_what_came_is_a_purchase_after_the_instant_and_within_the_horizon(shared: Database) -> None:
    with undone(shared) as tx:
        tx.connection.exec_driver_sql("DELETE FROM record.paid_orders")
        bought = pd.DataFrame([(1, 400.0), (2, 400.001), (3, 490.0), (4, 490.001)], columns=["customer_no", "day"])
        load(tx, bought)
        later = histories.buyers(tx, shop=STORE, after=T, until=T + 90 * DAY, as_of=END + 30 * DAY)
        assert sorted(later) == [2, 3]


def test_the_model_wins_on_its_home_ground_and_is_kept_as_the_shop_s_rule(shared: Database) -> None:
    segments = rules()
    with undone(shared) as tx:
        found = verdict.backtest(
            tx, shop=STORE, at=verdict.instants(END, 90 * DAY, 3), known_at=END, dormancy=segments.dormancy
        )
        assert [one.at for one in found.origins] == [END - 90 * DAY * number for number in (3, 2, 1)]
        assert found.winner == "lifetime"
        assert found.measured["lifetime"].lead_low > 0
        for row in found.calibration:
            assert row["predicted"] == pytest.approx(row["bought"], abs=0.1)
        # As many are called dormant as by the fixed rule.
        fixed, model = found.measured["fixed"], found.measured["lifetime"]
        assert fixed.dormant is not None
        assert model.dormant == pytest.approx(fixed.dormant, abs=0.02)
        assert model.of_dormant is not None
        assert model.of_awake is not None
        assert model.of_dormant < model.of_awake / 3

        assert dormancy_rules(tx, STORE, END, segments)["rule"] == "fixed"
        asked = Rules(load_learning(), segments)
        assert verdict.keep(tx, shop=STORE, found=found, as_of=END, rules=asked)
        assert not verdict.keep(tx, shop=STORE, found=found, as_of=END, rules=asked), "nothing new"
        at_once = dormancy_rules(tx, STORE, END, segments)
        assert (at_once["rule"], at_once["because"]) == ("fixed", "no backtest kept yet"), "as the record of then says"
        given = dormancy_rules(tx, STORE, END + timedelta.resolution, segments)
        assert (given["rule"], given["because"]) == ("lifetime", "won the backtest")
        assert {"r", "alpha", "a", "b", "buys_below", "horizon", "fixed_after", "least", "most"} <= set(given)
        with pytest.raises(LedgerError):
            verdict.keep(tx, shop=STORE, found=found, as_of=END - DAY, rules=asked)


def test_a_shop_learns_by_itself_which_rule_wins_and_keeps_what_holds_where_it_cannot_tell(shared: Database) -> None:
    segments = rules()
    with undone(shared) as tx:

        def teach(at: datetime, **changed: Any) -> tuple[Lesson | None, bool]:
            asked, names = (
                Rules(load_learning(), rules(**changed)),
                [dormancy.RHYTHM, dormancy.LIFETIME, dormancy.WINNER],
            )
            found = learners.learn(tx, shop=STORE, as_of=at, rules=asked, keep=True, only=names)
            return found[dormancy.WINNER]

        assert teach(END, min_customers=9999) == (None, False)
        assert teach(OPENED + 150 * DAY) == (None, False), "one instant alone may be a season"
        lesson, is_kept = teach(END)
        assert lesson is not None
        assert (lesson.body["rule"], is_kept) == ("lifetime", True)
        assert dormancy_rules(tx, STORE, END, segments)["rule"] == "fixed"
        assert dormancy_rules(tx, STORE, END + DAY, segments)["rule"] == "lifetime"
        assert teach(END + DAY, min_customers=9999) == (None, False)
        assert teach(END + DAY, min_repeat_buyers=9999) == (None, False), "what could not be measured was not beaten"
        assert dormancy_rules(tx, STORE, END + 2 * DAY, segments)["rule"] == "lifetime"


def test_what_came_counts_however_late_it_became_known(shared: Database) -> None:
    """Sales of a monthly export are known after the last of them: a verdict as of that one had not seen them."""
    bought = purchases(1500, seed=2)
    with undone(shared) as tx:
        tx.connection.exec_driver_sql("DELETE FROM record.paid_orders")
        load(tx, bought[bought["day"] <= 460])
        load(tx, bought[bought["day"] > 460], known_after=31, key=100_000)
        now = OPENED + 540 * DAY
        asked = Rules(load_learning(), rules())
        lesson, _ = learners.learn(tx, shop=STORE, as_of=now, rules=asked, keep=False, only=["dormancy"])["dormancy"]
        last = histories.last_paid_at(tx, shop=STORE, as_of=now)
        assert last is not None
        assert last > OPENED + 499 * DAY
        at = verdict.instants(last, 90 * DAY, 3)
        hindsight = verdict.backtest(tx, shop=STORE, at=at, known_at=now, dormancy=asked.segments.dormancy)
        blind = verdict.backtest(tx, shop=STORE, at=at, known_at=last, dormancy=asked.segments.dormancy)
        assert hindsight.origins[-1].bought > 1.2 * blind.origins[-1].bought
        assert lesson is not None
        assert lesson.body == hindsight.body != blind.body


def test_a_backtest_that_measures_nothing_says_why_once_and_what_holds(shared: Database) -> None:
    with undone(shared) as tx:
        asked = {"at": verdict.instants(END, 90 * DAY, 3), "known_at": END}
        with pytest.raises(NotLearned) as refused:
            verdict.backtest(tx, shop=STORE, **asked, dormancy=rules(min_repeat_buyers=0, min_customers=9999).dormancy)
        told = str(refused.value)
        assert told.startswith(f"shop {SHOP}: no rule of dormancy could be measured: ")
        assert told.endswith("the rule that holds stays; docs/lifetime.md")
        tx.connection.exec_driver_sql("DELETE FROM record.paid_orders")
        with pytest.raises(NotLearned) as refused:
            verdict.backtest(tx, shop=STORE, **asked, dormancy=rules().dormancy)
        assert str(refused.value).count("0 customers, 300 needed") == 1


def test_a_rule_whose_parameters_were_never_learned_gives_way_to_the_fixed_one(shared: Database) -> None:
    with undone(shared) as tx:
        for rule in ("rhythm", "lifetime"):
            given = dormancy_rules(tx, STORE, END, rules(rule=rule))
            assert (given["rule"], given["because"]) == ("fixed", f"{rule} not learned yet")
        body = {"population_gap": 40 * 86400.0}
        by = {"as_of": T, "since": None, "until": T, "sample": 1, "data_hash": ""}
        kept.keep(tx, shop_id=SHOP, name="rhythm", body=body, **by)
        given = dormancy_rules(tx, STORE, END, rules(rule="rhythm"))
        assert (given["rule"], given["because"], given["population_gap"]) == ("rhythm", "", 40 * 86400.0)


def test_a_chance_that_was_matched_holds_for_the_horizon_it_was_matched_for(shared: Database) -> None:
    body = {"r": 0.5, "alpha": 30.0, "a": 1.0, "b": 2.0, "horizon": 60 * 86400.0, "matched": 0.12}
    by = {"as_of": T, "since": None, "until": T, "sample": 1, "data_hash": ""}
    with undone(shared) as tx:
        kept.keep(tx, shop_id=SHOP, name="lifetime", body=body, **by)
        given = dormancy_rules(tx, STORE, END, rules(rule="lifetime"))
        assert (given["buys_below"], given["horizon"]) == (0.12, 60 * 86400.0)
        given = dormancy_rules(tx, STORE, END, rules(rule="lifetime", buys_below=0.05))
        assert (given["buys_below"], given["horizon"]) == (0.05, 90 * 86400.0)


def test_a_shop_too_small_to_learn_from_says_so_and_keeps_the_fixed_rule(shared: Database) -> None:
    with undone(shared) as tx:
        found = backtest.origin(tx, shop=STORE, at=T, known_at=END, dormancy=rules(min_repeat_buyers=9999).dormancy)
        assert set(found.areas.names) == {"fixed"}
        assert set(found.missing) == {"rhythm", "lifetime"}
        assert all("9999 needed" in why for why in found.missing.values())
        with pytest.raises(NotLearned, match="2000 needed"):
            backtest.origin(tx, shop=STORE, at=T, known_at=END, dormancy=rules(min_customers=2000).dormancy)
        with pytest.raises(NotLearned, match="too few to measure"):
            backtest.origin(tx, shop=STORE, at=OPENED + 600 * DAY, known_at=END + 300 * DAY, dormancy=rules().dormancy)


def test_a_large_shop_is_sampled_by_a_hash_and_the_same_customers_are_picked_again(shared: Database) -> None:
    with undone(shared) as tx:
        some = histories.known(tx, shop=STORE, as_of=T, sample=200)
        again = histories.known(tx, shop=STORE, as_of=T, sample=200)
        everyone = histories.known(tx, shop=STORE, as_of=T, sample=100_000)
        assert some.digest == again.digest
        assert (len(some.numbers), some.customers, len(everyone.numbers)) == (200, everyone.customers, some.customers)
        assert set(some.numbers) < set(everyone.numbers)
        assert some.numbers.mean() == pytest.approx(everyone.numbers.mean(), rel=0.15), "by chance, not by age"
        assert everyone.digest != some.digest


def test_purchases_of_one_day_are_one_and_the_first_day_s_money_is_not_a_repeat(shared: Database) -> None:
    with undone(shared) as tx:
        tx.connection.exec_driver_sql("DELETE FROM record.paid_orders")
        days = [10.1, 10.9, 20.0, 20.5, 35.0]
        load(tx, pd.DataFrame({"customer_no": 7, "day": days}))
        known = histories.known(tx, shop=STORE, as_of=OPENED + 40 * DAY, sample=1000)
        past = known.histories
        assert (past.repeats[0], past.span[0], past.age[0], known.silence[0]) == (2, 25, 30, 5)
        assert known.repeat_minor[0] == 3000
        rhythm = histories.rhythm(tx, shop=STORE, as_of=OPENED + 40 * DAY)
        assert rhythm is not None
        assert (rhythm.days, rhythm.closed, rhythm.open) == (10, 2, 1)


def test_what_to_expect_of_each_customer_is_told_once_it_was_learned_and_in_slices_as_at_once(
    shared: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    bounds = rules().dormancy
    with undone(shared) as tx:
        assert expected.outlooks(tx, shop=STORE, as_of=T, dormancy=bounds) is None
        tx.connection.exec_driver_sql(CUSTOMERS, {"shop": SHOP})
        lesson = learn_lifetime(tx, STORE, T, Rules(load_learning(), rules()))
        assert lesson is not None
        by = {
            "as_of": T - timedelta.resolution,
            "since": None,
            "until": T - timedelta.resolution,
            "sample": 1,
            "data_hash": "",
        }
        kept.keep(tx, shop_id=SHOP, name="lifetime", body=lesson.body, **by)

        then = by["as_of"]
        assert expected.outlooks(tx, shop=STORE, as_of=then, dormancy=bounds) is None, "it counts for what is later"

        known = histories.known(tx, shop=STORE, as_of=T, sample=100_000)
        model = Lifetime(*(lesson.body[name] for name in PARAMETERS))
        found = list(expected.outlooks(tx, shop=STORE, as_of=T, dormancy=bounds) or ())
        order = np.argsort(known.numbers)
        assert [one.customer_no for one in found] == known.numbers[order].tolist()
        assert [one.alive for one in found] == pytest.approx(model.alive(known.histories)[order])
        assert [one.buys for one in found] == pytest.approx(model.buys_within(known.histories, 90)[order])
        assert [one.orders for one in found] == pytest.approx(model.expected(known.histories, 90)[order])
        later = histories.buyers(tx, shop=STORE, after=T, until=END, as_of=END)
        assert sum(one.buys for one in found) == pytest.approx(np.isin(known.numbers, later).sum(), rel=0.1)

        spend = lesson.body["spend"]
        assert spend["p"] * spend["v"] / (spend["q"] - 1) == pytest.approx(5 * 8000 / 3, rel=0.1)
        dear = [one for one in found if one.repeats > 5]
        means = dict(zip(known.numbers, known.repeat_minor, strict=True))
        for one in dear:
            assert one.purchase is not None
            assert one.value is not None
            assert float(one.value) == pytest.approx(float(one.purchase) * one.orders, abs=0.01)
            assert float(one.purchase) == pytest.approx(means[one.customer_no] / one.repeats / 100, rel=0.4)

        monkeypatch.setattr(expected, "SLICE", 100)
        assert list(expected.outlooks(tx, shop=STORE, as_of=T, dormancy=bounds) or ()) == found
        one = expected.outlook(tx, shop=STORE, as_of=T, dormancy=bounds, customer_no=found[7].customer_no)
        assert one == found[7]
        assert expected.outlook(tx, shop=STORE, as_of=T, dormancy=bounds, customer_no=99_999) is None
