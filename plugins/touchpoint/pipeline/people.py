"""What a run leaves for people: tasks on the shop's worklists, and one mail about new ones that cannot wait."""

from __future__ import annotations

import logging
from collections import Counter

from touchpoint.channels.notice import NoticeUnsettled, send_notice
from touchpoint.clock import real_now
from touchpoint.db import Json, Row, Transaction
from touchpoint.facts import head
from touchpoint.model import Run
from touchpoint.services import LIVE, Services
from touchpoint.settings import Shop, load_operations
from touchpoint.worklists import tasks
from touchpoint.worklists.kinds import alarm_kinds, kind_of

log = logging.getLogger(__name__)
LISTED = 50
"""Ids of a kind in one mail; the worklist has them all."""


def open_tasks(tx: Transaction, services: Services, run: Run, shop: Shop) -> Counter[str]:
    """Bring the shop's worklists to the run's instant, in the transaction it decides in.

    Not while the facts are of an earlier instant, because the platform was down or the gate failed: what has left the
    house since would look as if it had not. They stay as they are, and so does what the shop has been told.
    """
    loaded = head.read(tx, run.shop_id).loaded_as_of
    if loaded is None or loaded < run.as_of:
        return Counter()
    given = {
        "realm": run.realm,
        "shop_id": run.shop_id,
        "as_of": run.as_of,
        "zone": shop.zone,
        "cut_off": shop.cut_off,
        "closes_after": shop.closes_after,
        "entities": Json(sorted(shop.sources)),
    }
    return tasks.refresh(tx, run=run, given=given)


def tell(services: Services, run: Run, shop: Shop) -> int:
    """Mail the shop its new tasks of alarm kinds: one mail a run, kinds, counts and ids; never twice about one task.

    They are noted as told before the mail goes. Only where the server surely did not take it they are told of by the
    next run. A rehearsal tells nobody. Mail that cannot go fails nothing.

    Returns:
        Of how many tasks the shop was told.
    """
    if run.realm != LIVE:
        return 0
    with services.db.transaction() as tx:
        new = tx.many("tasks/tell", realm=run.realm, shop_id=run.shop_id, kinds=alarm_kinds(), told_real_at=real_now())
    if not new or _mailed(services, shop, new):
        return len(new)
    with services.db.transaction() as tx:
        tx.count("tasks/untell", task_ids=[row["task_id"] for row in new])
    return 0


def _mailed(services: Services, shop: Shop, new: list[Row]) -> bool:
    """Whether it need not be told again."""
    subject, text = _words(shop, new)
    try:
        alerts = load_operations(services.config).alerts
        to = shop.alarms_to or (alerts.to if alerts else [])
        if alerts is None or not to:
            log.warning("%s (no alerts address in config/operations.yaml)", subject)
            return True
        send_notice(services.resolve(alerts.connection), sender=alerts.sender, to=to, subject=subject, text=text)
    except NoticeUnsettled as error:
        log.warning("%s; mail about it perhaps not sent, and not sent again: %s", subject, error)
        return True
    except Exception as error:
        # Whatever keeps a mail from going (server, connection, configuration), the run is not worse for it.
        log.warning("%s; mail about it not sent, tried again by the next run: %s", subject, error)
        return False
    return True


def _words(shop: Shop, new: list[Row]) -> tuple[str, str]:
    by_kind: dict[str, list[str]] = {}
    for row in new:
        by_kind.setdefault(row["kind"], []).append(row["subject_id"])
    heads = [f"{len(ids):,} {kind_of(kind).label.lower()}" for kind, ids in by_kind.items()]
    parts = [f"{_listed(kind, ids)}" for kind, ids in by_kind.items()]
    where = f"To be done: the worklist of {shop.name} in Airflow, or `touchpoint worklist list --shop {shop.id}`."
    return f"{shop.name}: {', '.join(heads)}", "\n\n".join([*parts, where]) + "\n"


def _listed(kind: str, ids: list[str]) -> str:
    told = kind_of(kind)
    more = f"\n  and {len(ids) - LISTED:,} more" if len(ids) > LISTED else ""
    noun = told.subject if len(ids) == 1 else f"{told.subject}s"
    lines = "\n".join(f"  {subject_id}" for subject_id in ids[:LISTED])
    return f"{told.label}: {len(ids):,} {noun}\n{lines}{more}"
