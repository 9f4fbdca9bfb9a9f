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
    "cancelled": Word("cancelled", "No longer true when it was to go, for example paid meanwhile."),
    "unknown": Word("unknown", "May or may not have reached the provider; asked for, never guessed."),
}
FATE_WORDS = {
    "loaded": Word("loaded", "New or changed, now a fact."),
    "unchanged": Word("unchanged", "Known already."),
    "superseded": Word("superseded", "Older than what is known."),
    "quarantined": Word("quarantined", "Broke a rule; kept with its reasons."),
    "pending": Word("pending", "Landed and not judged yet."),
}
REASON_MEANINGS = {
    # of a decision
    "no_address": "no usable address",
    "no_consent": "no consent for this channel and purpose",
    "suppressed": "the address is on the suppression list",
    "no_words": "the campaign has no words for this lifecycle stage",
    "no_offer": "second-time buyer, and no offer to make",
    "same_address": "someone else at this address has it",
    "cash_on_delivery": "pays on delivery",
    "price_difference": "price-difference link",
    "presale": "balance of a pre-sale",
    "payment_under_way": "payment under way",
    "paid_other_order": "has ordered and paid the same item since",
    "per_day": "messages a day, all campaigns",
    "per_week": "messages in 7 days, all campaigns",
    "campaign_per_day": "messages of this campaign a day",
    "campaign_per_week": "messages of this campaign in 7 days",
    "quiet_hours": "the first legal minute is too late",
    "blackout": "the shop's days without promotions last too long",
    "refunded": "paid back in full",
    "refund_asked": "the buyer asks for the money back",
    "open_order": "an order unpaid or unfinished",
    "parcel_trouble": "waits for a parcel that is late or in trouble",
    "refund": "a refund asked for, or made not long ago",
    "bad_review": "gave few stars",
    "late_parcel": "the last parcel came late or not at all",
    "offer_not_here": "this shop does not make the offer",
    "offer_not_begun": "the offer has not begun",
    "offer_over": "the offer is over before it could be told",
    "offer_gone": "the offer is all given out",
    # of a message
    "ordered_since": "has ordered since it was decided",
    "paid": "paid meanwhile",
    "closed": "closed meanwhile",
    "no_order": "the order is gone",
    "not_approved": "nobody approved it in time",
    "back_for_changes": "a marketer sent it back for changes: asked about anew when it is decided again",
    "not_this_month": "a marketer said: not this month",
    "merged": "the same person has it under another customer",
    "held_out": "the same person is in the control group under another customer",
    "shipped": "left meanwhile",
    "not_paid": "not paid after all",
    "not_after": "its last minute has passed",
    "no_time_to_retry": "the next try would come too late",
    "gate_not_passed": "the gate of its run never passed",
    "retryable": "not sent, tried again later",
    # of a message that is due and waits
    "other_environment": "the database does not lie where its installation sends from",
    "sending_off": "the shop's file says sending: off",
    "stopped": "a kill switch is on",
    "campaign_off": "its campaign's file is off or does not load",
    "approval": "a marketer has not approved it",
    "planned_day_passed": "its day has passed and no other had room yet",
    "stale_facts": "the facts it stands on are too old",
    "render_error": "its text cannot be made",
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


def reason_meaning(reason: str) -> str:
    """What a reason of the ledger means; nothing for a provider's code or a campaign's id, which say it themselves."""
    return REASON_MEANINGS.get(reason, "")


def reasons_of(reasons: dict[str, int], name: str) -> list[tuple[str, int]]:
    """The reasons of one decision or state out of "decision: reason" -> count, without the part in front."""
    front = f"{name}: "
    return [(reason.removeprefix(front), count) for reason, count in reasons.items() if reason.startswith(front)]
