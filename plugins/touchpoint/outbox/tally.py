"""What a pass over the outbox did, in numbers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from touchpoint.db import Transaction


@dataclass
class Tally:
    """Messages by what became of them.

    Attributes:
        done: state or event -> messages: claimed, accepted, rejected, waiting (given back, or to be tried again),
            expired, cancelled, put_off (to a later hour), unknown, abandoned, replanned; withheld (from people held
            out). Of ended and replanned ones, what people were held out of counts too.
        held: reason -> messages that were due and stayed waiting: stale_facts, quiet_hours, stopped, campaign_off,
            sending_off, gate_not_passed, approval, planned_day_passed, other_environment, render_error,
            no_template_code, unconfirmed.
    """

    done: Counter[str] = field(default_factory=Counter)
    held: dict[str, int] = field(default_factory=dict)

    def __getitem__(self, name: str) -> int:
        return self.done[name]

    def as_dict(self) -> dict[str, int]:
        """One flat mapping; held messages as `held: <reason>`."""
        done = {name: number for name, number in sorted(self.done.items()) if number}
        return done | {f"held: {reason}": number for reason, number in sorted(self.held.items())}


def message_counts(tx: Transaction, *, realm: str, shop_id: str) -> dict[str, int]:
    """Messages of a shop in one snapshot: messages = waiting + accepted + rejected + expired + cancelled + unknown."""
    return dict(tx.one("outbox/message_counts", realm=realm, shop_id=shop_id))
