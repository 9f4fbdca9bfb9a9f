"""What marketers read for the words of the record, and what its rules say in the shop's own numbers."""

from __future__ import annotations

import re

from touchpoint.record.segments import Everybody, Kind, major
from touchpoint.settings import Segments, Shop

KINDS: dict[Kind, str] = {
    "stage": "Lifecycle stage",
    "rfm_group": "RFM group",
    "value_tier": "Value tier",
    "dormancy": "Dormancy",
    "cause": "Why they left",
}
_OURS = re.compile(r"^[a-z][a-z0-9]*(_[a-z0-9]+)+$")
_NONE = {"left": "no paid order yet", "entered": "no paid order any more"}
_SILENCES = ("drifting", "dormant", "lost")


TAG_NOTES = {"leaving_cause": "of everybody: what would explain it, if their silence were a leaving"}
"""What the heads of a tag say that its name does not."""


def label(word: str) -> str:
    """A word of ours without its underscores; whatever came from outside as it is."""
    return word.replace("_", " ") if _OURS.match(word) else word


def place(kind: Kind, segment: str, side: str) -> str:
    """A segment somebody `left` or `entered`; `none` has its own words."""
    if segment != "none":
        return label(segment)
    return "not dormant" if kind == "cause" else _NONE[side]


def meanings(rules: Segments, everyone: Everybody, shop: Shop) -> dict[str, str]:
    """Of each kind, where its segments begin, in this shop's numbers."""
    bounds, dormancy = everyone.bounds, everyone.dormancy
    by = "equal fifths of this shop's own customers" if bounds["rule"] == "quintiles" else "fixed thresholds"
    tiers = ", ".join(
        f"{label(name)} from {shop.currency} {major(int(begins), shop):,}"
        for name, begins in zip(bounds["tiers"][1:], bounds["tier_from"], strict=True)
    )
    silent = ", ".join(f"{word} after {getattr(rules, f'{word}_after').days} days" for word in _SILENCES)
    because = f" ({dormancy['because']})" if dormancy.get("because") else ""
    return {
        "stage": f"By paid orders: new from {rules.new_orders}, second time from {rules.second_time_orders}, loyal "
        f"from {rules.loyal_orders}. By silence since the last: {silent}. A prospect has not paid an order yet.",
        "rfm_group": f"How lately, how often and for how much they bought, scored by {by}.",
        "value_tier": f"Net amount (paid less refunded): {tiers}.",
        "dormancy": f"Whether silence has become dormancy, by the rule {dormancy['rule']}{because}.",
        "cause": "Of those who are dormant; the first that holds: unhappy, bargain hunter, spoilt for choice; asleep.",
    }
