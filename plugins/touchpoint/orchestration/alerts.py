"""Mail about failures: once when a task's failure is new, once when it is over. Ids and task names alone."""

from __future__ import annotations

import logging

from touchpoint.services import Services
from touchpoint.settings import load_operations

log = logging.getLogger(__name__)


def tell(services: Services, dag_id: str, run_id: str, failed: list[str], succeeded: list[str]) -> None:
    """Note what failed and what is well again, and mail the changes to config/operations.yaml's addresses."""
    with services.db.transaction() as tx:
        new = [
            task_id
            for task_id in failed
            if tx.many("runs/failures_note", dag_id=dag_id, task_id=task_id, run_id=run_id)
        ]
        over = [row["task_id"] for row in tx.many("runs/failures_over", dag_id=dag_id, task_ids=succeeded)]
    if new:
        _mail(services, f"{dag_id}: {', '.join(new)} failed", f"Run {run_id}. You hear of it again when it is over.")
    if over:
        _mail(services, f"{dag_id}: {', '.join(over)} well again", f"Since run {run_id}.")


def _mail(services: Services, subject: str, text: str) -> None:
    from touchpoint.channels.notice import send_notice

    alerts = load_operations(services.config).alerts
    if alerts is None:
        log.warning("%s (no alerts address in config/operations.yaml)", subject)
        return
    send_notice(services.resolve(alerts.connection), sender=alerts.sender, to=alerts.to, subject=subject, text=text)
