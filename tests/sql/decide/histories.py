"""Random histories of a small shop: what the product makes of them, and what a model of a page says it should."""

from __future__ import annotations

import hashlib
import itertools
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from tests.sql.decide.building import (
    AS_OF,
    SHOP,
    add_address,
    add_customer,
    identity_of,
    insert,
    make_campaign,
    make_policy,
    make_run,
    make_shop,
    rows,
)
from tests.sql.decide.test_decide_plan import store_by_hand

from touchpoint.campaigns.spec import Campaign
from touchpoint.db import Transaction
from touchpoint.decide import plan
from touchpoint.facts import customers
from touchpoint.model import Channel, Rejection, Run
from touchpoint.outbox import approval, merged, sweep
from touchpoint.outbox.claim import Scope, claim, expire
from touchpoint.outbox.enqueue import enqueue
from touchpoint.outbox.environment import register_environment

SMS = {"provider": "aliyun_sms", "connection": "c", "signature": "Lab", "templates": {}}
LAB = make_shop(sms=SMS)
POLICY = make_policy(
    caps={"transactional": {"per_day": 90, "per_week": 90}, "promotional": {"per_day": 90, "per_week": 90}},
).model_copy(update={"quiet_hours": {}})
"""No hour is quiet here, which no file may say: the histories are about rounds, not hours."""
SALTS = {"offer": "salt-offer", "notice": "salt-notice"}
VERSIONS = {"offer": "files-as-they-are"}
PEOPLE = "abcdef"
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
WON = ("enqueued", "held_out")


def campaign_of(name: str, percent: float) -> Campaign:
    """An offer a week that a marketer approves; notices about a thing each that nobody approves."""
    common: dict[str, Any] = {
        "id": name,
        "variants": {},
        "valid_while": [],
        "max_staleness": "9d",
        "holdout": {"percent": percent, "salt": SALTS[name]},
    }
    if name == "offer":
        return make_campaign(
            **common, purpose="promotional", cadence="monthly", approval="marketer", limits={"per_week": 1}
        )
    return make_campaign(**common, limits={})


def draw(campaign: str, who: str) -> float:
    """The draw, worked out anew."""
    digest = hashlib.md5(f"{SALTS[campaign]}:{identity_of(who)}".encode(), usedforsecurity=False)
    return int(digest.hexdigest()[:8], 16) / 16**8


def end_of_window(as_of: datetime, hours: int) -> datetime:
    """Never past the local day, so that no message has to be planned for another."""
    tomorrow = as_of.astimezone(LAB.tz).replace(hour=0, minute=0) + DAY
    return min(as_of + timedelta(hours=hours), tomorrow)


@dataclass(frozen=True)
class Asked:
    """An audience: who, about what, until when."""

    campaign: str
    percent: float
    occasion: str
    people: tuple[str, ...]
    as_of: datetime
    not_after: datetime


@dataclass
class Round:
    """What a touch came to in one round of it, as the model has it."""

    number: int
    decision: str
    reason: str | None = None
    state: str | None = None
    state_reason: str | None = None
    freed_at: datetime | None = None
    asked: Asked | None = None
    planned_on: Any = None
    run: int = 0

    @property
    def stands(self) -> bool:
        return self.decision in WON and self.freed_at is None

    def is_final_for(self, as_of: datetime) -> bool:
        return self.decision == "expired" or (
            self.decision in WON and not (self.freed_at is not None and self.freed_at < as_of)
        )


@dataclass
class Model:
    """The rules in the shortest words: no SQL, no merges, everybody with an address of their own."""

    touches: dict[tuple[str, str, str], list[Round]] = field(default_factory=dict)
    opted_out: set[str] = field(default_factory=set)
    answers: dict[int, str | None] = field(default_factory=dict)

    def last(self, campaign: str, occasion: str, who: str) -> Round | None:
        found = self.touches.get((campaign, occasion, who))
        return found[-1] if found else None

    def decide(self, asked: Asked, run: int, at: datetime) -> Counter[str]:
        self.end(at)
        for (_, _, who), each in self._waiting():
            if who in self.opted_out:
                self._free(each, "cancelled", "suppressed", at)
        counted: Counter[str] = Counter()
        for who in sorted(asked.people):
            counted[self._judge(asked, who, run, at)] += 1
        if asked.campaign == "offer" and counted["enqueued"]:
            self.answers[run] = None  # another batch than was answered for
        return counted

    def _judge(self, asked: Asked, who: str, run: int, at: datetime) -> str:
        key = (asked.campaign, asked.occasion, who)
        before = self.last(*key)
        if (before and before.is_final_for(asked.as_of)) or self._is_covered(asked, who):
            return "repeated"
        number = 1 if before is None else before.number + (before.freed_at is not None)
        made = Round(number, "", asked=asked, planned_on=at.astimezone(LAB.tz).date(), run=run)
        made.decision, made.reason = self._first_reason(made, who, at)
        if made.decision in WON:
            made.state = "waiting"
        rounds = self.touches.setdefault(key, [])
        if rounds and rounds[-1].number == number:
            rounds.pop()
        rounds.append(made)
        return made.decision

    def _first_reason(self, made: Round, who: str, at: datetime) -> tuple[str, str | None]:
        assert made.asked is not None
        if at >= made.asked.not_after:
            return "expired", "not_after"
        if who in self.opted_out:
            return "suppressed", "suppressed"
        if made.asked.campaign == "offer" and self._had_one(who, made.planned_on):
            return "capped", "campaign_per_week"
        held = draw(made.asked.campaign, who) * 100 < made.asked.percent
        return ("held_out" if held else "enqueued"), None

    def _is_covered(self, asked: Asked, who: str) -> bool:
        """Both occasions of a notice are about the same thing."""
        if asked.campaign != "notice":
            return False
        others = (self.last("notice", occasion, who) for occasion in "XY" if occasion != asked.occasion)
        return any(other is not None and other.stands for other in others)

    def _had_one(self, who: str, day: Any) -> bool:
        counted = ("waiting", "gone")
        return any(
            each.state in counted and abs((each.planned_on - day).days) < 7
            for (campaign, _, whose), rounds in self.touches.items()
            for each in rounds
            if campaign == "offer" and whose == who
        )

    def end(self, at: datetime) -> None:
        for (campaign, _, _), each in self._waiting():
            assert each.asked is not None
            if each.asked.not_after <= at:
                is_unapproved = campaign == "offer" and self.answers[each.run] != "approved"
                self._free(each, "expired", "not_approved" if is_unapproved else "not_after", at)

    def send(self, at: datetime) -> None:
        self.end(at)
        for (campaign, _, who), each in self._waiting():
            if campaign == "offer" and self.answers[each.run] != "approved":
                continue
            if who in self.opted_out:
                self._free(each, "cancelled", "suppressed", at)
            else:
                each.state = "gone"

    def answer(self, run: int, said: str, at: datetime) -> None:
        mine = [each for _, each in self._waiting() if each.run == run]
        if self.answers.get(run) is not None or not [each for each in mine if each.decision == "enqueued"]:
            return
        if any(each.asked and each.asked.not_after <= at for each in mine):
            return
        self.answers[run] = said
        for each in mine if said != "approved" else []:
            if said == "back_for_changes":
                self._free(each, "cancelled", said, at)
            else:
                each.state, each.state_reason = "cancelled", said

    def _waiting(self) -> list[tuple[tuple[str, str, str], Round]]:
        return [(key, each) for key, found in self.touches.items() for each in found if each.state == "waiting"]

    @staticmethod
    def _free(each: Round, state: str, reason: str, at: datetime) -> None:
        each.state, each.state_reason, each.freed_at = state, reason, at

    def rounds(self) -> set[tuple[Any, ...]]:
        """As Ledger.rounds."""
        return {
            (*key, each.number, each.decision == "held_out", each.state, each.state_reason, each.freed_at is not None)
            for key, found in self.touches.items()
            for each in found
            if each.state
        }

    def decisions(self) -> set[tuple[Any, ...]]:
        """As Ledger.decisions."""
        return {(*key, found[-1].number, found[-1].decision, found[-1].reason) for key, found in self.touches.items()}


class Ledger:
    """The same history through the product, in a transaction that the test undoes."""

    def __init__(self, tx: Transaction, is_nobody_held_out: bool = False) -> None:
        self.tx, self.is_nobody_held_out = tx, is_nobody_held_out
        self.model, self.now = Model(), AS_OF
        self.runs: list[tuple[Run, Asked]] = []
        self.known: set[str] = set()
        self.merged_away: set[str] = set()
        self.numbers = itertools.count(1)
        self.environment = str(uuid4())
        register_environment(tx, self.environment)
        insert(tx, "record.heads", shop_id=SHOP, loaded_as_of=AS_OF, refreshed_as_of=AS_OF)

    def play(self, history: list[tuple[int, tuple[Any, ...]]]) -> None:
        """Every event, so many minutes after the one before; the model is told the same."""
        for minutes, (kind, *given) in history:
            self.now += minutes * MINUTE
            getattr(self, f"do_{kind}")(*given)

    def do_run(self, campaign: str, percent: int, occasion: str, people: frozenset[str], hours: int) -> None:
        ends = end_of_window(self.now, hours)
        asked = Asked(campaign, percent, occasion, tuple(sorted(people)), self.now, ends)
        if self.is_nobody_held_out:
            asked = Asked(campaign, 0, occasion, asked.people, self.now, ends)
        self._decide(make_run(self.tx, self.now), asked)

    def do_again(self, is_doubled: bool) -> None:
        """The last run is cleared, or doubled: the same DAG and as_of."""
        if self.runs:
            run, asked = self.runs[-1]
            self._decide(make_run(self.tx, run.as_of) if is_doubled else run, asked)

    def do_opt(self, who: str, is_out: bool) -> None:
        self._meet(who)
        hashed = hash_of(self.tx, who)
        self.model.opted_out = self.model.opted_out | {who} if is_out else self.model.opted_out - {who}
        insert(
            self.tx,
            "contact.suppressions",
            address_hash=hashed,
            is_suppressed=is_out,
            reason="said so",
            happened_at=self.now,
            known_at=self.now,
        )

    def do_answer(self, said: str) -> None:
        offers = [run for run, asked in self.runs if asked.campaign == "offer"]
        if not offers:
            return
        run = offers[-1]
        self.model.answer(run.run_no, said, self.now)
        given = {"realm": "live", "shop_id": SHOP, "at": self.now, "versions": VERSIONS}
        asked = approval.ask(self.tx, run_no=run.run_no, campaign_id="offer", figures={}, **given)
        if asked is not None:
            kind = Rejection(said) if said != "approved" else Rejection.BACK_FOR_CHANGES
            people = {"who": "marketer", "answered_at": self.now, "note": None, "rejection": kind}
            approval.answer(self.tx, asked.question, is_yes=said == "approved", **given, **people)

    def do_send(self) -> None:
        """What a dispatcher does, with a provider that takes everything."""
        self.model.send(self.now)
        tx, at = self.tx, self.now
        expire(tx, realm="live", shop_id=SHOP, at=at, versions=VERSIONS)
        lease = timedelta(minutes=5)
        scope = Scope("live", LAB, POLICY, self.environment, {}, 0, 1, lease, VERSIONS)
        claimed, _ = claim(tx, scope, Channel.SMS, at=at, size=1000)
        for message in claimed:
            if not message.is_held_out:
                self._accept(message.row)
        held = [message for message in claimed if message.is_held_out]
        given = [[message.message_id for message in held], [message.lease_token for message in held]]
        tx.count("outbox/withhold", message_ids=given[0], lease_tokens=given[1], at=at)

    def do_merge(self, from_id: str, into_id: str) -> None:
        """As pipeline.merging does."""
        for who in (from_id, into_id):
            self._meet(who)
        if {from_id, into_id} & self.merged_away:
            return
        self.merged_away.add(from_id)
        merged.hold(self.tx, {identity_of(from_id), identity_of(into_id)})
        made = customers.merge(
            self.tx, shop_id=SHOP, from_id=from_id, into_id=into_id, who="an agent", note="told", at=self.now
        )
        merged.settle(self.tx, shop=LAB, identity=made.identity, at=self.now, policy=POLICY, campaigns={})

    def rounds(self, *, with_anchors: bool = True) -> set[tuple[Any, ...]]:
        """(campaign, occasion, who, round, held out, state, its reason, freed) of what was enqueued or held out."""
        found = rows(
            self.tx,
            "SELECT t.campaign_id, t.occasion, t.customer_id, o.round, o.is_held_out, CASE WHEN o.state IN"
            " ('accepted', 'withheld') THEN 'gone' ELSE o.state END AS state, o.reason, f.reason IS NOT NULL AS freed"
            " FROM ledger.outbox AS o INNER JOIN ledger.touch AS t USING (touch_id)"
            " LEFT JOIN ledger.freed_round AS f ON o.touch_id = f.touch_id AND o.round = f.round",
        )
        return {tuple(row.values()) for row in found if with_anchors or row["customer_id"] in PEOPLE}

    def decisions(self) -> set[tuple[Any, ...]]:
        """(campaign, occasion, who, round, decision, reason) of every touch."""
        query = "SELECT campaign_id, occasion, customer_id, round, decision, reason FROM ledger.touch"
        return {tuple(row.values()) for row in rows(self.tx, query)}

    def _decide(self, run: Run, asked: Asked) -> None:
        """With somebody new whom chance lets hear: without a message there is no batch to approve."""
        asked = Asked(
            asked.campaign,
            asked.percent,
            asked.occasion,
            (*asked.people, self._anchor(asked.campaign)),
            asked.as_of,
            asked.not_after,
        )
        self.runs.append((run, asked))
        tx, campaign = self.tx, campaign_of(asked.campaign, asked.percent)
        insert_gate = (
            "INSERT INTO ledger.gate (run_no, state) VALUES (%(no)s, 'passed') ON CONFLICT DO NOTHING RETURNING 1"
        )
        rows(tx, insert_gate, no=run.run_no)
        rows(tx, "UPDATE record.heads SET loaded_as_of = %(at)s RETURNING 1", at=self.now)
        for who in asked.people:
            self._meet(who)
        tx.count("decide/clear_audience", run_no=run.run_no, campaign_id=campaign.id)
        store_by_hand(tx, run, campaign, *(self._candidate(asked, who) for who in asked.people))
        self._sweep()
        made = plan.decide(tx, run=run, shop=LAB, policy=POLICY, campaigns={campaign.id: campaign}, at=self.now)
        enqueue(tx, run, made.enqueue)
        counted = +Counter({kind: n for kind, n in made.counts[campaign.id].items() if kind != "candidates"})
        self.check_counts(counted, self.model.decide(asked, run.run_no, self.now))

    def _sweep(self) -> None:
        """As sweep.sweep; versions stand still, for no file is behind these campaigns."""
        expire(self.tx, realm="live", shop_id=SHOP, at=self.now, versions=VERSIONS)
        sweep.sweep(self.tx, realm="live", shop=LAB, at=self.now, policy=POLICY)

    def check_counts(self, found: Counter[str], expected: Counter[str]) -> None:
        assert found == +expected

    def _candidate(self, asked: Asked, who: str) -> dict[str, Any]:
        covers = [f"thing-{who}"] if asked.campaign == "notice" else []
        window = {"not_before": asked.as_of, "not_after": asked.not_after}
        return {"who": who, "occasion": asked.occasion, "covers": covers, **window}

    def _anchor(self, campaign: str) -> str:
        names = (f"anchor{number}" for number in self.numbers)
        return next(name for name in names if draw(campaign, name) > 0.7)

    def _meet(self, who: str) -> None:
        if who in self.known:
            return
        self.known.add(who)
        hashed = add_address(self.tx, who)
        agreed = {"channel": "sms", "purpose": "promotional", "is_granted": True, "method": "form"}
        early = AS_OF - 30 * DAY
        given = {"shop_id": SHOP, "address_hash": hashed, "happened_at": early, "known_at": early, **agreed}
        insert(self.tx, "contact.consents", **given)
        add_customer(self.tx, who)

    def _accept(self, row: dict[str, Any]) -> None:
        insert(
            self.tx,
            "ledger.attempt",
            attempt_id=uuid4().hex,
            message_id=row["message_id"],
            try_no=1,
            group_id="g",
            lease_token=row["lease_token"],
            channel="sms",
            provider="p",
            address_hash=row["address_hash"],
            state="accepted",
            started_real_at=self.now,
            started_at=self.now,
        )
        rows(
            self.tx,
            "UPDATE ledger.message SET state = 'accepted', state_at = %(at)s, lease_until = NULL"
            " WHERE message_id = %(id)s RETURNING 1",
            at=self.now,
            id=row["message_id"],
        )


def hash_of(tx: Transaction, who: str) -> str:
    query = "SELECT address_hash FROM contact.contact_points WHERE customer_id = %(who)s"
    return str(rows(tx, query, who=who)[0]["address_hash"])
