"""From the outbox to the providers and back: dispatch, reconcile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from touchpoint.campaigns.load import load_campaigns
from touchpoint.channels import Channel as OpenChannel
from touchpoint.channels import open_channel
from touchpoint.clock import Clock
from touchpoint.errors import ChannelError, LedgerError, TouchpointError
from touchpoint.model import Channel, Mode
from touchpoint.outbox import dispatch as outgoing
from touchpoint.outbox import leases, resolve
from touchpoint.outbox.environment import demand_seat
from touchpoint.pipeline.confirming import confirmer
from touchpoint.pipeline.runs import gate_state, read_run
from touchpoint.render.messages import Renderer
from touchpoint.services import Services
from touchpoint.settings import Shop, load_policy, load_shop

SHARDS = 2
"""Dispatch is mapped over this many shards: one a core of the smallest machine."""


def dispatch(services: Services, run_no: int | None, shard: int, shards: int = SHARDS) -> dict[str, int]:
    """Send what is claimable in one shard of the outbox, whichever run enqueued it.

    Only a run in mode `send` sends anything, and none whose own gate failed. One whose gate never spoke, because its
    platform was down, still sends what other runs enqueued: the claim asks after the gate of each message's own run.

    Returns:
        Messages by what became of them.
    """
    run = read_run(services, run_no)
    if run.mode != Mode.SEND or gate_state(services, run) == "failed":
        return {}
    shop = load_shop(run.shop_id, services.config)
    with services.timed(run.run_no, "dispatch"):
        return send(services, run.realm, shop, services.clock_of(run), shard=shard, shards=shards)


def send(
    services: Services, realm: str, shop: Shop, clock: Clock, *, shard: int = 0, shards: int = 1
) -> dict[str, int]:
    """Claim, send and settle one shard of a shop's outbox.

    Returns:
        Messages by what became of them.

    Raises:
        LedgerError: nothing is claimed, because this database does not lie where its installation sends from.
        ChannelError: a channel of the shop cannot be opened; what goes by the others went.
    """
    campaigns = load_campaigns(services.config).by_id
    words = {campaign.id: campaign.message_values() for campaign in campaigns.values()}
    environment_id = services.connection.extra.get("environment_id")
    with _channels(services, shop, realm) as opened:
        tally = outgoing.dispatch(
            services.db,
            realm=realm,
            shop=shop,
            channels=opened,
            renderer=Renderer(campaign_values=words),
            clock=clock,
            shard=shard,
            shards=shards,
            policy=load_policy(services.config),
            campaigns=campaigns,
            environment_id=environment_id,
            confirmer=confirmer(services, realm, shop, clock),
        )
    if shop.sending == "on":
        with services.db.transaction() as tx:
            demand_seat(tx, environment_id)
    return tally.as_dict()


def reconcile(services: Services, run_no: int | None) -> dict[str, int]:
    """Return expired leases, resolve what is unknown by asking the providers, and prove that the ledger adds up.

    Raises:
        LedgerError: it does not.
        ChannelError: a channel of the shop cannot be opened; the others were asked.
    """
    run = read_run(services, run_no)
    if run.mode == Mode.RECOMPUTE:
        return {}
    shop = load_shop(run.shop_id, services.config)
    clock = services.clock_of(run)
    with services.timed(run.run_no, "reconcile"):
        refused: ChannelError | None = None
        settled: dict[str, int] = {}
        try:
            settled = settle(services, run.realm, shop, clock)
        except ChannelError as error:  # the sums are proved all the same
            refused = error
        with services.db.transaction() as tx:
            faults = tx.many("checks/ledger/does_not_add_up", run_no=run.run_no)
        if faults:
            raise LedgerError(
                f"the ledger of run {run.run_id} does not add up: {'; '.join(row['fault'] for row in faults)}",
                place=f"shop {shop.id}",
                remedy="nothing more is sent for it; see docs/operate.md",
            )
        if refused is not None:
            raise refused
        return settled


def settle(services: Services, realm: str, shop: Shop, clock: Clock, *, force: bool = False) -> dict[str, int]:
    """Return expired leases and resolve what is unknown by asking the providers, whichever run it came from.

    With `force`, every unknown message is asked about, due or not.

    Returns:
        Messages by what became of them; what was taken back from dispatchers that are gone as `taken back: <state>`:
        a message made unknown may have been asked about as well.
    """
    recovered = leases.recover(services.db, realm=realm, shop=shop, clock=clock)
    with _channels(services, shop, realm) as opened:
        resolved = resolve.resolve(services.db, realm=realm, shop=shop, channels=opened, clock=clock, force=force)
    return {f"taken back: {state}": number for state, number in recovered.as_dict().items()} | resolved.as_dict()


@contextmanager
def _channels(services: Services, shop: Shop, realm: str) -> Iterator[dict[Channel, OpenChannel]]:
    """The shop's channels that can be opened. Those that cannot leave the others alone; they are told of at the end.

    Raises:
        ChannelError: some could not be opened; their messages wait.
    """
    opened: dict[Channel, OpenChannel] = {}
    refused: list[TouchpointError] = []
    with ExitStack() as stack:
        for kind, configured in ((Channel.SMS, shop.sms), (Channel.EMAIL, shop.email)):
            if configured is not None:
                try:
                    opened[kind] = open_channel(kind, shop, services.resolve, realm)
                except TouchpointError as error:
                    refused.append(error)
                else:
                    stack.callback(opened[kind].close)
        yield opened
    if refused:
        raise ChannelError(
            "; ".join(str(error) for error in refused),
            place=f"channels of shop {shop.id}",
            remedy="what goes by the others went; the messages of these wait, and go once it is mended",
        )
