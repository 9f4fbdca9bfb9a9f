"""A test send: one message of a campaign to a listed address, over the shop's real channel, in realm `test`.

It goes the way every message goes: into the outbox, claimed, its attempt committed before the provider is called,
settled after. Nothing of it is in any other realm, and each is an occasion of its own.
"""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from touchpoint import addresses
from touchpoint.channels import open_channel
from touchpoint.db import Row
from touchpoint.errors import TouchpointError
from touchpoint.outbox import settle
from touchpoint.outbox.claim import Claimed
from touchpoint.outbox.compose import Draft
from touchpoint.outbox.leases import LEASE, lease_of
from touchpoint.quality import gate
from touchpoint.services import Services
from touchpoint.trial.asked import LASTS, REALM, Asked
from touchpoint.trial.facts import begin, enqueue
from touchpoint.trial.prepare import KINDS, Trial, listed, prepare

__all__ = ["Asked", "send_test"]


def send_test(services: Services, asked: Asked) -> Row:
    """Send it, and say what became of it.

    Returns:
        campaign, step, variant, locale, channel, to (masked), facts, state, reason, provider_ref, segments, subject,
        text.

    Raises:
        ConfigError: the address is not listed, or the campaign has no such step, variant or locale: nothing was sent.
        TouchpointError: sending is stopped, or the database is another installation's: nothing was sent.
        RenderError: its words cannot be rendered: nothing was sent.
    """
    trial = prepare(services, asked)
    sent = _send(services, trial, asked.as_of)
    return {
        "campaign": trial.campaign.id,
        "step": trial.step.id,
        "variant": trial.variant,
        "locale": trial.locale,
        "channel": trial.channel.value,
        "to": trial.masked,
        "facts": trial.told,
        "state": sent["state"],
        "reason": sent["reason"],
        "provider_ref": sent["provider_ref"],
        "segments": sent["segments"],
        "subject": trial.rendered.subject,
        "text": trial.rendered.text,
    }


def _send(services: Services, trial: Trial, at: datetime) -> Row:
    """Enqueue, claim, begin the attempt, call, settle: each in a transaction of its own, the call in none."""
    shop, kind = trial.shop, KINDS[trial.channel]
    hashed = addresses.address_hash(services.key, kind, trial.address)
    who = {"shop_id": shop.id, "customer_id": f"test:{uuid4().hex}"}
    channel = open_channel(trial.channel, shop, services.resolve, REALM, listed=listed(services, shop))
    try:
        with services.db.transaction() as tx:
            run = begin(tx, REALM, shop, trial.campaign, at)
            gate.record(tx, run.run_no, [])
            message = enqueue(
                tx, shop, trial.campaign, trial.step, run,
                occasion=run.run_id, identity=addresses.identity(services.key, REALM, kind, trial.address),
                customer_id=who["customer_id"], address_kind=kind.value, address_hash=hashed, channel=trial.channel,
                variant=trial.variant, locale=trial.locale,
            )  # fmt: skip
            address = {"kind": kind.value, "address_hash": hashed, "address": trial.address}
            tx.count("outbox/trial/keep_address", at=at, expires_at=at + LASTS, **address, **who)
        claimed = _claim(services, message["message_id"], at)
        draft = Draft(Claimed(claimed, None), uuid4().hex, trial.template_code, trial.rendered)
        group_id = uuid4().hex
        with services.db.transaction() as tx:
            outgoing = settle.start(
                tx, [draft], group_id=group_id, provider=channel.name, at=at, lease=lease_of(channel)
            )
        if outgoing:
            results = settle.complete(outgoing, channel.send(group_id, outgoing))
            with services.db.transaction() as tx:
                settle.settle(tx, results, at=at)
    finally:
        channel.close()
        with services.db.transaction() as tx:
            tx.count("outbox/trial/drop_address", **who)
    with services.db.transaction() as tx:
        return tx.one("outbox/trial/state", message_id=message["message_id"])


def _claim(services: Services, message_id: int, at: datetime) -> Row:
    environment_id = services.connection.extra.get("environment_id")
    with services.db.transaction() as tx:
        claimed = tx.maybe(
            "outbox/trial/claim",
            message_id=message_id,
            at=at,
            environment_id=environment_id,
            lease=LEASE,
            **tx.server,
        )
        if claimed is None:
            tx.count("outbox/trial/cancel", message_id=message_id, reason="not_claimable", at=at)
    if claimed is None:
        raise TouchpointError(
            "nothing was sent: sending is stopped, or this database is another installation's",
            place="realm test",
            remedy="see `touchpoint resume`; a stopped campaign alone may be tried",
        )
    return claimed
