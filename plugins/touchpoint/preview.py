"""What a campaign would decide as of an instant: real statements and policy, in a transaction that is undone.

Facts and ledger are those of that instant: a touch decided later neither repeats nor caps anything.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from touchpoint.campaigns.load import load_campaigns
from touchpoint.decide import audience as audiences
from touchpoint.decide import plan as decisions
from touchpoint.decide import recompute
from touchpoint.errors import ConfigError
from touchpoint.pipeline import Trigger
from touchpoint.pipeline.learning import taught
from touchpoint.record import refresh as record
from touchpoint.record.derived import Derived
from touchpoint.services import Services, run_from_row
from touchpoint.settings import load_logistics, load_policy, load_segments, load_shop, load_tags


class _UndoError(Exception):
    """Ends the preview's transaction."""


def preview(services: Services, trigger: Trigger, campaign_id: str) -> list[dict[str, Any]]:
    """Counts of decisions, and of reasons, that a run at the trigger's as_of would come to. Nothing is written.

    Raises:
        ConfigError: the campaign or the shop does not load.
    """
    found: list[dict[str, Any]] = []
    try:
        with services.db.transaction() as tx:
            found = _decide(tx, services, trigger, campaign_id)
            raise _UndoError
    except _UndoError:
        return found


def _decide(tx: Any, services: Services, trigger: Trigger, campaign_id: str) -> list[dict[str, Any]]:
    shop = load_shop(trigger.shop_id, services.config)
    loaded = load_campaigns(services.config).by_id
    if campaign_id not in loaded:
        raise ConfigError(
            f"no campaign {campaign_id!r} loads", place="config/campaigns", remedy="see `touchpoint campaign lint`"
        )
    run = run_from_row(
        tx.one(
            "runs/begin",
            realm=shop.realm,
            shop_id=shop.id,
            dag_id=f"preview__{shop.id}",
            run_id=trigger.run_id,
            cadence=str(loaded[campaign_id].cadence),
            run_type="preview",
            as_of=trigger.as_of,
            mode="send",
            is_at_head=False,
        )
    )
    campaign = taught(tx, shop, run.as_of, loaded)[campaign_id]
    segments = load_segments(services.config)
    relation = record.scratch(tx, shop_id=shop.id, as_of=run.as_of, run_no=run.run_no, segments=segments)
    decisions.keep_salts(tx, run, shop, [campaign])
    derived = Derived(tx, shop, run.as_of, run.run_no, relation, segments, load_tags(services.config))
    found = audiences.ask(
        tx,
        run=run,
        shop=shop,
        campaign=campaign,
        relation=relation,
        segments=segments,
        derived=derived,
        logistics=load_logistics(services.config).rules(shop),
    )
    counts, reasons = recompute.judge_as_of(
        tx,
        run=run,
        shop=shop,
        policy=load_policy(services.config),
        campaigns={campaign_id: campaign},
        audiences={campaign_id: found},
    )
    return _rows(counts[campaign_id], reasons[campaign_id])


def _rows(counts: dict[str, int], reasons: dict[str, int]) -> list[dict[str, Any]]:
    by_decision: Counter[str] = Counter(counts)
    rows: list[dict[str, Any]] = [
        {"decision": decision, "reason": "", "candidates": count} for decision, count in by_decision.items() if count
    ]
    return rows + [
        {"decision": key.partition(": ")[0], "reason": key.partition(": ")[2], "candidates": count}
        for key, count in reasons.items()
    ]
