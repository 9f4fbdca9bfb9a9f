"""Mail about failures: once when a task's failure is new, once when it is over. What failed, why, and what it means.

Mail that could not be sent fails nothing: it is noted in the log, and sent by the next run that finds its server up.
"""

from __future__ import annotations

import logging
from urllib.parse import quote

from airflow.providers.common.compat.sdk import conf

from touchpoint.clock import real_now
from touchpoint.db import Transaction
from touchpoint.reports.failures import UNTOLD, TaskFailure, failures_of, name_of
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
        because = {found.task_id: found for found in failures_of(tx, dag_id, run_id)}
        for task_id in failed:
            if task_id not in because and task_id != "watch":
                because[task_id] = _note_untold(tx, dag_id, run_id, task_id)
            subject = because[task_id].subject if task_id in because else None
            tx.many("runs/failures_note", dag_id=dag_id, task_id=task_id, run_id=run_id, subject=subject)
        known = {row["task_id"]: row for row in tx.many("runs/failures_open", dag_id=dag_id)}
    new = [task_id for task_id in failed if not known[task_id]["is_mailed"]]
    over = [task_id for task_id in succeeded if task_id in known and known[task_id]["is_mailed"]]
    names = {task_id: name_of(task_id, row["subject"]) for task_id, row in known.items()}
    if new and _mail(services, f"{dag_id}: {_listed(new, names)} failed", _told(dag_id, run_id, new, because)):
        with services.db.transaction() as tx:
            tx.count("runs/failures_mailed", dag_id=dag_id, task_ids=new, mailed_real_at=real_now())
    well = f"Since run {run_id}: {report_address(dag_id, run_id)}"
    told = not over or _mail(services, f"{dag_id}: {_listed(over, names)} well again", well)
    # What nobody heard of when it was new is nobody's news when it is over.
    done = [task_id for task_id in succeeded if task_id in known and (told or task_id not in over)]
    with services.db.transaction() as tx:
        tx.count("runs/failures_over", dag_id=dag_id, task_ids=done)


def report_address(dag_id: str, run_id: str) -> str:
    """Where the report of a run stands in Airflow."""
    base = str(conf.get("api", "base_url", fallback="") or "").rstrip("/")
    return f"{base}/dags/{quote(dag_id, safe='')}/runs/{quote(run_id, safe='')}/plugin/touchpoint_run"


def _note_untold(tx: Transaction, dag_id: str, run_id: str, task_id: str) -> TaskFailure:
    """A task that could not say why it failed: it was killed, or ran out of time."""
    task = {"task_id": task_id, "subject": None, "cause": UNTOLD, "remedy": ""}
    tx.count("runs/task_failed", dag_id=dag_id, run_id=run_id, failed_real_at=real_now(), **task)
    return TaskFailure(**task)  # type: ignore[arg-type]


def _listed(task_ids: list[str], names: dict[str, str]) -> str:
    first, *others = [names[task_id] for task_id in task_ids]
    return ", ".join([first, *(name[:1].lower() + name[1:] for name in others)])


def _told(dag_id: str, run_id: str, new: list[str], because: dict[str, TaskFailure]) -> str:
    parts = []
    for task_id in new:
        if task_id in because:
            found = because[task_id]
            parts.append(f"{found.does} failed. {found.because}\n{found.means}\nWhat to do: {found.todo}")
    where = f"Run {run_id}: {report_address(dag_id, run_id)}"
    return "\n\n".join([*parts, where, "You hear again when it is over."])


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
