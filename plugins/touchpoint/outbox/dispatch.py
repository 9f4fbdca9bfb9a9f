"""The dispatcher: claim, then send, then settle, one group at a time.

Between any two lines of it the process may die. Before `settle.start` has committed, nothing was sent and the lease
gives the message back; after it, the message is unknown until its provider is asked. Nothing is ever sent on a guess.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

from touchpoint.campaigns.spec import Campaign
from touchpoint.campaigns.version import approval_versions
from touchpoint.clock import Clock, stopwatch
from touchpoint.db import Database
from touchpoint.errors import ChannelError, RenderError
from touchpoint.model import Channel, Outgoing, SendResult, SendState
from touchpoint.outbox import leases, settle
from touchpoint.outbox.claim import Claimed, Scope, claim, expire
from touchpoint.outbox.compose import Composed, Draft, compose, groups
from touchpoint.outbox.confirming import confirm
from touchpoint.outbox.ports import Confirmer, MessageRenderer, Sender
from touchpoint.outbox.tally import Tally
from touchpoint.settings import Policy, Shop

log = logging.getLogger(__name__)

CLAIM_GROUPS = 5
CLAIM_AT_LEAST = 200
"""A claim takes so many groups, or so many messages if that is more."""
CLAIM_AGE = 60.0
"""Seconds after which the rest of a claim is given back, so that stops, payments and opt-outs are looked at again."""
_ANSWERED = frozenset({SendState.ACCEPTED, SendState.REJECTED})


def dispatch(
    db: Database,
    *,
    realm: str,
    shop: Shop,
    channels: Mapping[Channel, Sender],
    renderer: MessageRenderer,
    clock: Clock,
    shard: int,
    shards: int,
    policy: Policy,
    environment_id: str | None,
    campaigns: Mapping[str, Campaign] | None = None,
    confirmer: Confirmer | None = None,
    limit: int | None = None,
    lease: timedelta = leases.LEASE,
) -> Tally:
    """Send what may go of one shard of a shop's outbox, whichever run enqueued it.

    Args:
        db: the Touchpoint database; synchronous_commit must be on.
        realm: whose outbox.
        shop: whose outbox.
        channels: an open channel for each kind that may be used; messages of other kinds stay waiting.
        renderer: makes the words.
        clock: business time, asked anew for each claim.
        shard: this dispatcher's part of the messages, from 0.
        shards: how many parts there are.
        policy: quiet hours.
        environment_id: of this installation; a database that does not lie on its seat is not sent from.
        campaigns: loaded campaign files by id: their occasion says what a message is about, and one that is disabled or
            not among them holds its messages back. None: every message goes, and is about orders.
        confirmer: asks the platform about orders before a message of a step with `confirm_with_platform` goes. None:
            nobody can be asked.
        limit: stop after so many claimed messages.
        lease: real time a claimed message stays ours; a dispatcher that is silent longer has lost it. One that is being
            handed over stays ours for as long as its channel may take.

    Raises:
        RenderError: some texts could not be made; all the others went, and these wait.
        ChannelError: some texts are under no template code of the shop; likewise.
    """
    loaded = campaigns or {}
    versions = approval_versions(loaded.values())
    held = campaigns is not None
    scope = Scope(realm, shop, policy, environment_id, loaded, shard, shards, lease, versions, held)
    tally = Tally()
    tally.done.update(leases.recover(db, realm=realm, shop=shop, clock=clock).done)
    _expire(db, scope, clock, tally)
    missing: set[str] = set()
    causes: Counter[str] = Counter()
    for kind, sender in channels.items():
        worker = _Worker(db, scope, kind, sender, renderer, clock, tally, confirmer)
        worker.run(limit)
        missing |= worker.missing_codes
        causes += worker.causes
    with db.transaction() as tx:
        waiting = tx.many("outbox/waiting_because", **scope.reasons(clock.now()), **tx.server)
    tally.held = {row["reason"]: row["messages"] for row in waiting if row["reason"] != "claimable"}
    log.info("dispatched shop %s shard %s/%s: %s", shop.id, shard, shards, tally.as_dict())
    _demand_texts(shop, causes, missing)
    return tally


@dataclass
class _Worker:
    """One dispatcher on one channel."""

    db: Database
    scope: Scope
    kind: Channel
    sender: Sender
    renderer: MessageRenderer
    clock: Clock
    tally: Tally
    confirmer: Confirmer | None = None
    missing_codes: set[str] = field(default_factory=set)
    causes: Counter[str] = field(default_factory=Counter)
    skipped: list[int] = field(default_factory=list)
    unsettled: list[SendResult] = field(default_factory=list)
    is_paused: bool = False

    def run(self, limit: int | None) -> None:
        """Claim after claim, until nothing may go, the limit is reached, or the channel cannot send."""
        left = limit if limit is not None else 1 << 30
        while left > 0 and not self.is_paused:
            size = min(max(self.sender.group_size * CLAIM_GROUPS, CLAIM_AT_LEAST), left)
            claimed, gone = self._claim(size)
            if not claimed and not gone:
                return
            left -= len(claimed)

    def _claim(self, size: int) -> tuple[list[Claimed], Counter[str]]:
        at = self.clock.now()
        with self.db.transaction() as tx:
            claimed, gone = claim(tx, self.scope, self.kind, at=at, size=size, skipped=self.skipped)
        try:
            left = confirm(self.db, self.scope, claimed, self.confirmer, self.clock)
            self.skipped += [message.message_id for message in left.unconfirmed]
            gone += left.gone
            at, started = self.clock.now(), stopwatch()
            self.tally.done.update(claimed=sum(not message.is_held_out for message in left.claimed), **gone)
            # Held out or not: words that fail hold both arms back.
            composed = compose(left.claimed, shop=self.scope.shop, renderer=self.renderer, at=at)
            self._set_aside(composed)
            going = [draft for draft in composed.drafts if not draft.claimed.is_held_out]
            held_out = [draft.claimed for draft in composed.drafts if draft.claimed.is_held_out]
            for number, group in enumerate(groups(going, self.sender.group_size)):
                if self.is_paused or (number and stopwatch() - started > CLAIM_AGE):
                    break
                self._send(group, at)
            if not self.is_paused:  # else they wait as the others do
                self.tally.done.update(withheld=settle.withhold(self.db, held_out, at=at))
        finally:
            self._settle()
            settle.give_back(self.db, claimed, at=at)
        return claimed, gone

    def _set_aside(self, composed: Composed) -> None:
        at = self.clock.now()
        for reason, claimed in (
            ("render_error", composed.unrenderable),
            ("no_template_code", composed.unregistered),
        ):
            settle.hold(self.db, claimed, reason=reason, at=at)
            # Not claimed again by this dispatch: nothing is mended while it runs.
            self.skipped += [message.message_id for message in claimed]
        self.causes += composed.causes
        self.missing_codes |= composed.missing_codes

    def _send(self, group: list[Draft], at: datetime) -> None:
        began = stopwatch()
        group_id = uuid4().hex
        messages = self._start(group, group_id, at)
        if not messages:
            return
        # A process that was frozen here has lost its lease, and others may have judged the messages since.
        if stopwatch() - began > leases.SLACK.total_seconds():
            results = settle.all_of(messages, SendState.RETRYABLE, "lease_lapsed")
        else:
            try:
                results = settle.complete(messages, self.sender.send(group_id, messages))
            except Exception:
                self.unsettled = settle.all_of(messages, SendState.UNKNOWN, "channel_failed")
                raise
        self.unsettled = results
        states = {result.state for result in results}
        # A provider that answers for nobody is in trouble: going on would only make more of it unknown. One message
        # put off says nothing of the others.
        put_off_alone = len(results) == 1 and SendState.RETRYABLE in states
        self.is_paused = SendState.PAUSED in states or not (states & _ANSWERED or put_off_alone)

    def _start(self, group: list[Draft], group_id: str, at: datetime) -> list[Outgoing]:
        """Settle the group before and commit this one, in one transaction: half the commits."""
        with self.db.transaction() as tx:
            settled = settle.settle(tx, self.unsettled, at=self.clock.now())
            messages = settle.start(
                tx, group, group_id=group_id, provider=self.sender.name, at=at, lease=leases.lease_of(self.sender)
            )
        self.tally.done.update(settled)
        self.unsettled = []
        return messages

    def _settle(self) -> None:
        if self.unsettled:
            with self.db.transaction() as tx:
                settled = settle.settle(tx, self.unsettled, at=self.clock.now())
            self.tally.done.update(settled)
            self.unsettled = []


def _demand_texts(shop: Shop, causes: Counter[str], missing: set[str]) -> None:
    """Name what has to be mended before what is held can go: the task is red until it is."""
    no_codes = f"no template code for {', '.join(sorted(missing))}" if missing else ""
    if causes:
        told = "; ".join(f"{cause} ({number} messages)" for cause, number in causes.most_common(5))
        more = f"; and {len(causes) - 5} more causes" if len(causes) > 5 else ""
        raise RenderError(
            f"the text of {causes.total()} messages cannot be made: {told}{more}{f'; {no_codes}' if no_codes else ''}",
            place=f"shop {shop.id}",
            remedy="mend the template, or what it is told; the messages wait and go then, if their time is not over",
        )
    if no_codes:
        raise ChannelError(
            no_codes,
            place=f"config/shops/{shop.id}.yaml: sms.templates",
            remedy="register the text with the provider and add its code; the messages wait",
        )


def _expire(db: Database, scope: Scope, clock: Clock, tally: Tally) -> None:
    at = clock.now()
    with db.transaction() as tx:
        expired = expire(tx, realm=scope.realm, shop_id=scope.shop.id, at=at, versions=scope.versions)
    tally.done.update(expired=expired)
