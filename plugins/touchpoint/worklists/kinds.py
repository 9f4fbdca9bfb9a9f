"""The kinds of task there are, and what each asks of a person."""

from __future__ import annotations

from dataclasses import dataclass

from touchpoint import statements

FOLDER = "worklists"
OUTCOMES = {
    "handled": "Handled",
    "not_needed": "Nothing to do",
    "not_reached": "Nobody could be reached",
    "passed_on": "Passed on to somebody else",
}
"""What may come of a task, and how a page says it."""


@dataclass(frozen=True)
class Kind:
    """How a kind of task shows itself.

    Attributes:
        label: on the page and in the mail.
        subject: what subject_id is.
        is_alarm: whether the shop is told of a new one by mail.
    """

    label: str
    subject: str
    is_alarm: bool = False


KINDS = {
    "not_dispatched": Kind("Paid and not handed over", "order", is_alarm=True),
    "no_first_scan": Kind("Shipped and not scanned", "parcel", is_alarm=True),
    "chase_parcel": Kind("Parcels to chase", "parcel"),
}


def kind_of(name: str) -> Kind:
    """How a kind shows itself; one nobody described by its own name."""
    return KINDS.get(name) or Kind(name.replace("_", " ").capitalize(), "subject")


def written_kinds() -> list[str]:
    """Kinds that have a statement, sorted."""
    return [name.partition("/")[2] for name in statements.names(FOLDER)]


def alarm_kinds() -> list[str]:
    """Kinds whose new tasks the shop is told of."""
    return sorted(name for name, kind in KINDS.items() if kind.is_alarm)
