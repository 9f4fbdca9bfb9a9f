"""Mail about failures: once when a task's failure is new, once when it is over. Ids and task names alone.

Mail that could not be sent fails nothing: it is noted in the log, and sent by the next run that finds its server up.
"""

from __future__ import annotations

import logging

from touchpoint.clock import real_now
from touchpoint.services import Services
from touchpoint.settings import load_operations

log = logging.getLogger(__name__)


def tell(services: Services, dag_id: str, run_id: str, failed: list[str], succeeded: list[str]) -> None:
    """Note what failed and what is well again, and mail the changes to config/operations.yaml's addresses.

    Args:
        services: ledger, configuration, connections.
        dag_id: whose tasks.
        run_id: the run that is ending.
        failed: its failed tasks; a mapped one by its index (extract_1).
        succeeded: its successful ones.
    """
    with services.db.transaction() as tx:
        for task_id in failed:
            tx.many("runs/failures_note", dag_id=dag_id, task_id=task_id, run_id=run_id)
        known = {row["task_id"]: row["is_mailed"] for row in tx.many("runs/failures_open", dag_id=dag_id)}
    new = [task_id for task_id in failed if not known[task_id]]
    over = [task_id for task_id in succeeded if known.get(task_id)]
    if new and _mail(services, f"{dag_id}: {', '.join(new)} failed", f"Run {run_id}. You hear again when it is over."):
        with services.db.transaction() as tx:
            tx.count("runs/failures_mailed", dag_id=dag_id, task_ids=new, mailed_real_at=real_now())
    told = not over or _mail(services, f"{dag_id}: {', '.join(over)} well again", f"Since run {run_id}.")
    # What nobody heard of when it was new is nobody's news when it is over.
    done = [task_id for task_id in succeeded if task_id in known and (told or task_id not in over)]
    with services.db.transaction() as tx:
        tx.count("runs/failures_over", dag_id=dag_id, task_ids=done)


def _mail(services: Services, subject: str, text: str) -> bool:
    """Whether it need not be sent again."""
    from touchpoint.channels.notice import send_notice

    try:
        alerts = load_operations(services.config).alerts
        if alerts is None:
            log.warning("%s (no alerts address in config/operations.yaml)", subject)
            return True
        send_notice(services.resolve(alerts.connection), sender=alerts.sender, to=alerts.to, subject=subject, text=text)
    except Exception as error:
        # Whatever keeps a mail from going (server, connection, configuration), the run is not worse for it.
        log.warning("%s; mail about it not sent, tried again after the next run: %s", subject, error)
        return False
    return True
