"""What was learned, told to people: a section for each thing, in tables of a terminal's width, and what they mean."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from touchpoint.cli.common import as_table

WIDTH = 100
"""Columns a section needs at most, with names of the usual length; as_table tells what wider ones come to."""
TITLES = {
    "pay_delay": "how soon buyers pay by themselves, and when a reminder is due",
    "delivery_norms": "days from the carrier's first scan to the door",
    "answer_delay": "how soon readers of a message pay, and when the step after it is due",
    "rhythm": "the gap between two purchase days",
    "lifetime": "who buys again, and for how much: BG/NBD and gamma-gamma",
    "dormancy": "which rule of dormancy tells best who still buys",
}
WORDS = ("source", "payment", "note", "carrier", "region", "campaign", "step", "what", "of", "score", "holds")
"""Columns of words; the others hold numbers."""
SAMPLES = {"pay_delay": "orders", "delivery_norms": "parcels", "answer_delay": "messages"}
HOUR = 3600
PAY_AGES = (600, 1800, HOUR, 2 * HOUR, 6 * HOUR, 24 * HOUR, 48 * HOUR)
ANSWER_AGES = tuple(hours * HOUR for hours in (3, 6, 24, 48, 72, 120, 168, 336))
"""Of the ages the curves are kept by (--json has them all)."""
NOTES = {"share": "", "closing": "closes", "never": ""}

Body = Mapping[str, Any]
Rows = list[dict[str, Any]]


def section(name: str, facts: list[str], body: Body | None) -> str:
    """Title, facts of the version, tables and what they mean; without a body: that there is not enough."""
    parts = [f"{name}: {TITLES[name]}", *_wrapped("; ".join(facts))]
    if body is None:
        return "\n".join([*parts, "  not enough to learn from"])
    for what in TELLERS[name](body):
        parts += ["", *(as_table(what, words=WORDS).splitlines() if isinstance(what, list) else _wrapped(what))]
    return "\n".join(parts)


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)


def _pay_delay(body: Body) -> list[Rows | str]:
    share, few = f"{body['share']:.0%}", list(body.get("few", ()))
    groups = [*((group, NOTES[group["why"]]) for group in body["groups"]), *((group, "few") for group in few)]
    due = [
        {
            **_of(group, "source", "kind"),
            "orders": group["orders"],
            "paid": group["paid"],
            "alone": share_of(group["pay_by_themselves"]),
            "half": age_of(group["half_paid_at"]),
            share: age_of(group["share_paid_at"]),
            "closes": age_of(group["closes"]),
            "remind": age_of(group["after"]) if group["after"] is not None else "never",
            "then": share_of(group["paid_by_then"]),
            "note": note,
        }
        for group, note in groups
    ]
    curves = [
        {
            **_of(group, "source", "kind"),
            **{f"≤ {age_of(age)}": share_of(group["curve"].get(str(age))) for age in PAY_AGES},
        }
        for group, _ in groups
    ]
    means = [
        f"alone: share of the orders that is paid without a reminder before they close. half, {share}: after the "
        "order, by when so many of those have paid. remind: when a reminder is due, after the order; then: how many of "
        "those have paid by then."
    ]
    whys = {group["why"] for group in body["groups"]}
    if "closing" in whys:
        means.append(f"closes: the reminder does not wait for {share}, as the order closes soon after.")
    if "never" in whys:
        means.append("never: most who pay do so later, while the order is open.")
    if few:
        means.append("few: too few to go by; no reminder of that way to pay goes sooner.")
    return [due, " ".join(means), curves, "Of those who pay by themselves, so many have by that time after the order."]


def _delivery_norms(body: Body) -> list[Rows | str]:
    share = f"{body['quantile']:.0%}"
    norms = [
        {
            **_of(group, "carrier", "region"),
            "parcels": group["parcels"],
            "arrived": group["arrived"],
            "half": f"{group['half_arrived_in']} d",
            share: f"{group['days']} d",
        }
        for group in body["groups"]
    ]
    curves = [
        {
            **_of(group, "carrier", "region"),
            **{f"≤ {day}": share_of(part, 0) for day, part in group["curve"].items()},
        }
        for group in body["groups"]
    ]
    means = f"half, {share}: days within which so many of the parcels that arrive have; those of {share} are learned."
    return [norms, means, curves, "Of the parcels that arrive, so many have after so many days."]


def _answer_delay(body: Body) -> list[Rows | str]:
    share = f"{body['share']:.0%}"
    steps = [
        {
            **_of(step, "campaign", "step"),
            "messages": step["messages"],
            "answers": step["answers"],
            "answer": share_of(step["answer"]),
            "half": age_of(step["half_answered_at"]),
            "next": age_of(step["after"]),
        }
        for step in body["steps"]
    ]
    curves = [
        {
            **_of(step, "campaign", "step"),
            **{f"≤ {age_of(age)}": share_of(step["curve"].get(str(age)), 0) for age in ANSWER_AGES},
        }
        for step in body["steps"]
    ]
    means = (
        "answer: share of the messages whose readers pay an order. half: after the message, by when half of those have."
        f" next: when the step after it is due; {share} of those have paid by then."
    )
    return [steps, means, curves, "Of the readers who pay, so many have by that time after the message."]


def _rhythm(body: Body) -> list[Rows | str]:
    return [
        f"Half of the gaps are not longer than {age_of(int(body['population_gap']))}: the median of {body['of']}. It "
        "stands in for customers with few gaps of their own."
    ]


def _lifetime(body: Body) -> list[Rows | str]:
    horizon, spend = age_of(int(body["horizon"])), body.get("spend")
    values = [{"what": name, "of": "BG/NBD", "value": f"{body[name]:g}"} for name in ("r", "alpha", "a", "b")]
    told = [
        "r, alpha (days): at which rates customers buy. a, b: how soon they leave for good after a purchase.",
        f"Matched: below a chance of {share_of(body['matched'])} to buy within {horizon} there were as many as are "
        "silent for as long as the fixed rule allows.",
    ]
    if spend:
        values += [{"what": name, "of": "gamma-gamma", "value": f"{spend[name]:g}"} for name in ("p", "q", "v")]
        told.append(
            f"p, q, v: what a purchase day brings, in minor units; correlation with how often {spend['correlation']:g}."
        )
    else:
        told.append(f"No value of purchases: {body.get('no_spend')}.")
    return [values, " ".join(told)]


def _dormancy(body: Body) -> list[Rows | str]:
    scores = [
        {"score": name, "area": f"{area:.3f}", "holds": "yes" if name == body["rule"] else ""}
        for name, area in body["areas"].items()
    ]
    means = (
        "area: the chance that a buyer scores above one who does not buy, over the origins of the backtest; 0.5 is "
        "chance. A rule that holds stays until another one beats it beyond chance. p_alive is no rule."
    )
    return [scores, means]


TELLERS: dict[str, Callable[[Body], list[Rows | str]]] = {
    "pay_delay": _pay_delay,
    "delivery_norms": _delivery_norms,
    "answer_delay": _answer_delay,
    "rhythm": _rhythm,
    "lifetime": _lifetime,
    "dormancy": _dormancy,
}


def _of(group: Body, outer: str, inner: str) -> dict[str, str]:
    words = {"kind": "payment"}
    return {words.get(key, key): group[key] or "any" for key in (outer, inner)}


def share_of(share: float | None, digits: int = 1) -> str:
    """`97.1%`; empty where there is none."""
    return "" if share is None else f"{share:.{digits}%}"


def age_of(seconds: int | None) -> str:
    """`90 s`, `45 min`, `36 h`, `5 d`: the largest unit it is a whole number of, else the next one of two digits."""
    if seconds is None:
        return ""
    age = timedelta(seconds=seconds)
    for unit, word in ((timedelta(days=1), "d"), (timedelta(hours=1), "h"), (timedelta(minutes=1), "min")):
        if age >= 2 * unit or (age >= unit and age % unit == timedelta()):
            return f"{age / unit:.3g} {word}"
    return f"{seconds} s"
