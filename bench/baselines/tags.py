"""Every tag of config/tags.yaml in DuckDB, of the tables of record.py.

Each gives customer_no, value, number, evidence, out_of, confidence, by the rules its statement reads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Rules = Mapping[str, Any]


def _leader(counted: str, rules: Rules) -> str:
    """Who has most of it, of (customer_no, word, orders): more than half, so that none can lead beside it."""
    return (
        f"SELECT customer_no, word, NULL, evidence, out_of, wilson_low(evidence, out_of) FROM ("
        f" SELECT customer_no, arg_max(word, orders) AS word, max(orders) AS evidence, sum(orders)::BIGINT AS out_of"
        f" FROM ({counted}) GROUP BY customer_no)"
        f" WHERE out_of >= {rules['minimum']} AND evidence > out_of * {rules['share']}"
    )


def _leader_of_orders(lines: str, rules: Rules) -> str:
    """Which word most orders hold, of (customer_no, order_id, day, word): ties by the later day, then by word."""
    return (
        f"WITH held AS ({lines}),"
        f" counted AS (SELECT customer_no, word, count(DISTINCT order_id) AS orders, max(day) AS last_day"
        f" FROM held GROUP BY customer_no, word),"
        f" leaders AS (SELECT customer_no, first(word ORDER BY orders DESC, last_day DESC, word) AS word,"
        f" max(orders) AS evidence FROM counted GROUP BY customer_no),"
        f" totals AS (SELECT customer_no, count(DISTINCT order_id) AS out_of FROM held GROUP BY customer_no)"
        f" SELECT customer_no, word, NULL, evidence, out_of, wilson_low(evidence, out_of)"
        f" FROM leaders INNER JOIN totals USING (customer_no)"
        f" WHERE out_of >= {rules['minimum']} AND evidence > out_of * {rules['share']}"
    )


def _greatest(table: str, parts: Mapping[str, str], rules: Rules, having: str = "", number: str = "NULL") -> str:
    """The first of several parts, of those whose condition holds most often."""
    counts = ", ".join(f"count(*) FILTER ({condition})" for condition in parts.values())
    words = "[" + ", ".join(f"'{word}'" for word in parts) + "]"
    return (
        f"SELECT customer_no, {words}[list_position(counts, evidence)] AS value, {number}, evidence, out_of,"
        f" wilson_low(evidence, out_of) FROM ("
        f" SELECT *, list_max(counts) AS evidence FROM ("
        f" SELECT customer_no, [{counts}] AS counts, count(*) AS out_of FROM {table} GROUP BY customer_no"
        f" HAVING count(*) >= {rules['minimum']} {having})) WHERE evidence > out_of * {rules['share']}"
    )


def _listed(rules: Mapping[str, Any]) -> str:
    """A map of words to the names they are listed under, as a table (name, word)."""
    return ", ".join(f"('{name}', '{word}')" for name, words in rules.items() for word in words)


def _told(column: str) -> Callable[..., str]:
    def share(rules: Rules, **_: str) -> str:
        return (
            "SELECT customer_no, NULL, evidence::DOUBLE / out_of, evidence, out_of, wilson_low(evidence, out_of) FROM ("
            f" SELECT customer_no, count(*) FILTER ({column} > 0) AS evidence, count({column}) AS out_of FROM purchases"
            f" GROUP BY customer_no HAVING count({column}) >= {rules['minimum']})"
        )

    return share


def _held(column: str) -> Callable[..., str]:
    def preference(rules: Rules, **_: str) -> str:
        return _leader_of_orders(
            f"SELECT customer_no, order_id, day, {column} AS word FROM lines WHERE {column} IS NOT NULL", rules
        )

    return preference


def _series_band(rules: Rules, **_: str) -> str:
    return _leader_of_orders(
        "SELECT customer_no, order_id, day, name AS word FROM lines"
        f" INNER JOIN (VALUES {_listed(rules['bands'])}) AS bands (name, series) USING (series)",
        rules,
    )


def _word(column: str) -> Callable[..., str]:
    def leader(rules: Rules, **_: str) -> str:
        return _leader(
            f"SELECT customer_no, {column} AS word, count(*) AS orders FROM purchases WHERE {column} IS NOT NULL"
            " GROUP BY ALL",
            rules,
        )

    return leader


def _climate(rules: Rules, **_: str) -> str:
    return _leader(
        "SELECT customer_no, name AS word, count(*) AS orders FROM purchases"
        f" INNER JOIN (VALUES {_listed(rules['regions'])}) AS climates (name, region) USING (region) GROUP BY ALL",
        rules,
    )


def _remote(rules: Rules, **_: str) -> str:
    is_remote = "region IN (" + ", ".join(f"'{word}'" for word in rules["regions"]) + ")"
    known = "(SELECT * FROM purchases WHERE region IS NOT NULL)"
    return _greatest(known, {"remote": is_remote, "near": f"NOT {is_remote}"}, rules)


def _size(rules: Rules, **_: str) -> str:
    return (
        "SELECT customer_no, word, NULL, evidence, out_of, wilson_low(evidence, out_of) FROM ("
        " SELECT customer_no, arg_max(size, pieces) AS word, max(pieces) AS evidence, sum(pieces)::BIGINT AS out_of"
        " FROM (SELECT customer_no, size, count(*) AS pieces, min(day) AS first_day, max(day) AS last_day FROM lines"
        " WHERE size IS NOT NULL GROUP BY ALL) GROUP BY customer_no HAVING min(first_day) < max(last_day))"
        f" WHERE out_of >= {rules['minimum']} AND evidence > out_of * {rules['share']}"
    )


def _price_band(rules: Rules, **_: str) -> str:
    bounds = [None, *rules["band_amounts"], None]
    parts = {
        band: " AND ".join(
            text
            for text in (
                f"net_minor >= quantity * {low}" if low is not None else "",
                f"net_minor < quantity * {high}" if high is not None else "",
            )
            if text
        )
        for band, low, high in zip(rules["bands"], bounds, bounds[1:], strict=False)
    }
    return _greatest("(SELECT * FROM lines WHERE quantity > 0)", parts, rules, "AND min(day) < max(day)")


def _payday(rules: Rules, **_: str) -> str:
    days = rules["days"]
    parts = {
        f"{first}-{min(first + days - 1, 31)}": f"month_day BETWEEN {first} AND {first + days - 1}"
        for first in rules["begins"]
    }
    number = "string_split(value, '-')[1]::DOUBLE"
    return _greatest(
        "purchases", parts, rules, f"AND count(DISTINCT day - month_day) >= {rules['months']}", number=number
    )


def _hour(rules: Rules, **_: str) -> str:
    begins = [rules["begins"][part] for part in ("morning", "noon", "afternoon", "evening", "night")]
    parts = {
        part: f"hour >= {low} AND hour < {high}"
        for part, low, high in zip(("morning", "noon", "afternoon", "evening"), begins, begins[1:], strict=False)
    }
    return _greatest("purchases", {**parts, "night": f"hour >= {begins[-1]} OR hour < {begins[0]}"}, rules)


def _weekday(rules: Rules, **_: str) -> str:
    words = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    return _greatest("purchases", {word: f"(day + 3) % 7 = {place}" for place, word in enumerate(words)}, rules)


def _bargain(rules: Rules, **_: str) -> str:
    shares = ", ".join(
        f"CASE WHEN {of} >= {rules['minimum']} AND {part} > {of} * {rules['share']} THEN {part}::DOUBLE / {of}"
        f" ELSE 0 END AS {name}"
        for name, part, of in (("bargain", "reduced", "priced"), ("novelty", "fresh", "dated"))
    )
    return (
        "SELECT customer_no, CASE WHEN bargain > novelty THEN 'bargain' ELSE 'novelty' END, NULL, evidence, out_of,"
        " wilson_low(evidence, out_of) FROM ("
        " SELECT *, CASE WHEN bargain > novelty THEN reduced ELSE fresh END AS evidence,"
        " CASE WHEN bargain > novelty THEN priced ELSE dated END AS out_of"
        f" FROM (SELECT *, {shares} FROM ("
        " SELECT customer_no, count(is_discounted) AS priced, count(*) FILTER (is_discounted) AS reduced,"
        " count(is_new) AS dated, count(*) FILTER (is_new) AS fresh"
        " FROM lines GROUP BY customer_no HAVING min(day) < max(day))) WHERE bargain <> novelty)"
    )


def _gift(rules: Rules, **_: str) -> str:
    made_for = f"(VALUES {_listed(rules['categories'])}) AS made_for (for_gender, category)"
    return (
        "SELECT customer_no, 'gift_buyer', evidence::DOUBLE / out_of, evidence, out_of, wilson_low(evidence, out_of)"
        " FROM (SELECT customer_no, count(DISTINCT order_id) FILTER (for_gender <> gender) AS evidence,"
        " count(DISTINCT order_id) AS out_of FROM lines"
        f" INNER JOIN {made_for} USING (category) INNER JOIN members USING (customer_no)"
        " WHERE gender IN ('male', 'female') GROUP BY customer_no)"
        f" WHERE out_of >= {rules['minimum']} AND evidence > out_of * {rules['share']}"
    )


def _life_stage(rules: Rules, zone: str, **_: str) -> str:
    bands = ", ".join(f"('{name}', {ages[0]}, {ages[1]})" for name, ages in rules["bands"].items())
    return (
        "SELECT customer_no, name, years::DOUBLE, NULL, NULL, NULL FROM ("
        " SELECT customer_no, year(last) - year(birthday)"
        " - (month(last) * 100 + day(last) < month(birthday) * 100 + day(birthday))::INT AS years"
        f" FROM (SELECT customer_no, (last_paid_at AT TIME ZONE '{zone}')::DATE AS last FROM features)"
        " INNER JOIN members USING (customer_no) WHERE birthday IS NOT NULL)"
        f" INNER JOIN (VALUES {bands}) AS bands (name, youngest, oldest) ON years BETWEEN youngest AND oldest"
    )


def _returns(rules: Rules, as_of: str, **_: str) -> str:
    # What was paid and given back within the window, which is all there is.
    return (
        "SELECT customer_no, NULL, least(refund_minor / paid_minor, 1), refund_count, order_count, NULL FROM features"
        f" WHERE order_count >= {rules['minimum']} AND paid_minor > 0"
    )


def _cause(rules: Rules, as_of: str, **_: str) -> str:
    order = list(rules["causes"])
    conditions = {
        "unhappy": "times > 0",
        "bargain_hunter": f"order_count >= {rules['minimum']} AND discount_count = order_count",
        "spoilt_for_choice": f"timed >= {rules['visits_least']} AND visits <= {rules['visits_most']}"
        f" AND gap * 86400 >= {rules['visits_apart']} AND short > timed * {rules['share']}",
    }
    cause = "CASE" + "".join(f" WHEN {conditions[name]} THEN '{name}'" for name in order) + " END"
    return f"""
WITH troubles AS (
    SELECT customer_no, happened_at, 1 AS trouble FROM refunds WHERE state = 'succeeded' AND happened_at <= {as_of}
    UNION ALL
    SELECT customer_no, happened_at, CASE kind WHEN 'review' THEN 2 WHEN 'late_parcel' THEN 4 ELSE 8 END
    FROM events
    WHERE kind = 'complaint' OR (kind = 'review' AND amount <= {rules["review_at_most"]})
        OR (kind = 'late_parcel' AND (amount IS NULL OR amount >= {rules["days_late"]}))
),
unhappy AS (
    SELECT customer_no, bit_or(trouble) AS kinds, count(*) AS times
    FROM features INNER JOIN troubles USING (customer_no)
    WHERE happened_at > last_paid_at - INTERVAL '{rules["trouble_before"]} seconds'
    GROUP BY customer_no
),
choosy AS (
    SELECT
        customer_no, count(*) AS visits, count(amount) AS timed,
        count(*) FILTER (amount < {rules["short_visit"]}) AS short,
        epoch(max(happened_at) - min(happened_at)) / 86400 / nullif(count(*) - 1, 0) AS gap
    FROM features INNER JOIN events USING (customer_no)
    WHERE kind = 'visit' AND happened_at > last_paid_at - INTERVAL '{rules["visits_before"]} seconds'
    GROUP BY customer_no
),
judged AS (
    SELECT *, {cause} AS cause FROM features LEFT JOIN unhappy USING (customer_no) LEFT JOIN choosy USING (customer_no)
)
SELECT
    customer_no,
    coalesce(cause, 'asleep'),
    CASE cause WHEN 'unhappy' THEN kinds WHEN 'spoilt_for_choice' THEN gap END::DOUBLE,
    CASE cause WHEN 'unhappy' THEN times WHEN 'bargain_hunter' THEN discount_count
        WHEN 'spoilt_for_choice' THEN short END,
    CASE cause WHEN 'bargain_hunter' THEN order_count WHEN 'spoilt_for_choice' THEN timed END,
    CASE cause WHEN 'bargain_hunter' THEN wilson_low(discount_count, order_count)
        WHEN 'spoilt_for_choice' THEN wilson_low(short, timed) END
FROM judged
"""


TAGS: dict[str, Callable[..., str]] = {
    "leaving_cause": _cause,
    "series_preference": _held("series"),
    "category_preference": _held("category"),
    "price_band": _price_band,
    "bargain_or_novelty": _bargain,
    "payday": _payday,
    "usual_hour": _hour,
    "usual_weekday": _weekday,
    "home_region": _word("region"),
    "remote_area": _remote,
    "climate": _climate,
    "size": _size,
    "device": _word("device"),
    "gift_buyer": _gift,
    "life_stage": _life_stage,
    "series_band": _series_band,
    "discount_share": _told("discount_minor"),
    "coupon_share": _told("coupon_minor"),
    "return_share": _returns,
}
"""Tag -> its query, of its rules, `as_of` and `zone`."""
