"""What people read for the words of the ledger, and how numbers and instants are written for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Word:
    """A short label and what it means in one sentence."""

    label: str
    meaning: str


DECISION_WORDS = {
    "enqueued": Word("enqueued", "Got a message in the outbox."),
    "repeated": Word("repeated", "Decided by an earlier run or an earlier try of this one; nothing new."),
    "held_out": Word("held out", "In the control group: gets nothing, so that the effect can be measured."),
    "suppressed": Word("suppressed", "Must not or should not be written to; the reason says why."),
    "capped": Word("capped", "Has had enough messages for that day or week."),
    "outranked": Word("outranked", "Another touch of this run went first; the reason is its campaign."),
    "expired": Word("expired", "Could not be reached in time."),
}
MESSAGE_WORDS = {
    "waiting": Word("waiting", "Not handed over yet, or being handed over now."),
    "accepted": Word("accepted", "The provider took it."),
    "rejected": Word("rejected", "The provider refused it."),
    "expired": Word("expired", "Its time was over before it could go."),
    "cancelled": Word("cancelled", "Called off before it went; the reason says why."),
    "unknown": Word("unknown", "May or may not have reached the provider; asked for, never guessed."),
}
FATE_WORDS = {
    "loaded": Word("loaded", "New or changed, now a fact."),
    "unchanged": Word("unchanged", "Known already."),
    "superseded": Word("superseded", "Older than what is known."),
    "quarantined": Word("quarantined", "Broke a rule; kept with its reasons."),
    "pending": Word("pending", "Landed and not judged yet."),
}
SEAT_WORDS = {
    "installation": "the installation's id",
    "server": "the server's identifier",
    "database": "the database's oid",
    "data_directory": "the data folder",
    "timeline": "the server's timeline",
    "address": "host or port of the connection",
    "unregistered": "everything: no installation is registered",
}
ENTITY_WORDS = {
    "member": "members",
    "order": "orders",
    "order_line": "order lines",
    "refund": "refunds",
    "payment": "payments",
    "shipment": "parcels",
    "tracking_event": "carrier scans",
    "product": "products",
    "review": "reviews",
    "inquiry": "inquiries",
    "visit": "visits",
}
DIFFERENCE_WORDS = {
    "data": "the facts of that instant have changed: another history was loaded, or they were corrected since",
    "config": "the campaign file, its parameters or thresholds have changed",
    "code": "the audience statement has changed",
    "no_ledger": "nothing was decided at that instant, so there is nothing to compare with",
}
DIFFERENCE_LABELS = {
    "same": "the same",
    "data": "data",
    "config": "config",
    "code": "code",
    "no_ledger": "nothing to compare with",
}


def number(count: int) -> str:
    """1,234,567."""
    return f"{count:,}"


def share(part: int, whole: int) -> str:
    """A percentage with one decimal; something is never written as 0, and nothing where there is no whole."""
    if not whole:
        return ""
    return "< 0.1 %" if 0 < part < whole / 2000 else f"{100 * part / whole:.1f} %"


def instant(at: datetime | None, zone: ZoneInfo) -> str:
    """2026-11-22 10:30 GMT+8: an instant in a zone, which is named by its offset."""
    if at is None:
        return "never"
    local = at.astimezone(zone)
    return f"{local:%Y-%m-%d %H:%M} {offset(local)}"


def offset(local: datetime) -> str:
    """GMT+8, GMT-3:30, UTC: unlike CST it names one zone alone."""
    minutes = int((local.utcoffset() or timedelta()).total_seconds() // 60)
    if not minutes:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"GMT{'+' if minutes > 0 else '-'}{hours}" + (f":{rest:02d}" if rest else "")


def span(length: timedelta) -> str:
    """A length of time in its two largest units: 3 d 4 h, 2 h 5 min, 40 s."""
    seconds = max(0, int(length.total_seconds()))
    days, hours, minutes = seconds // 86_400, seconds % 86_400 // 3600, seconds % 3600 // 60
    if days:
        return f"{days} d {hours} h" if hours else f"{days} d"
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{minutes} min" if minutes else f"{seconds} s"


def reasons_of(reasons: dict[str, int], name: str) -> list[tuple[str, int]]:
    """The reasons of one decision or state out of "decision: reason" -> count, without the part in front."""
    front = f"{name}: "
    return [(reason.removeprefix(front), count) for reason, count in reasons.items() if reason.startswith(front)]
