"""Answering through Airflow's own API, inside the api-server, as the user who asks for the page.

Airflow judges the user's rights, keeps its own record of the answer and its audit log, and resumes the task that asked,
which writes the ledger. A page of ours writes neither.
"""

from __future__ import annotations

from urllib.parse import quote

import anyio.from_thread
import httpx
from fastapi import Request

from touchpoint.model import Rejection
from touchpoint.orchestration.approval import AskMarketer, task_id_of
from touchpoint.reports.approval import NOTE_LENGTH

OPTIONS = {"approve": AskMarketer.APPROVE, "reject": AskMarketer.REJECT}
PASSED_ON = ("authorization", "cookie")
AT_WORK = ("scheduled", "queued", "running")


def answer(request: Request, dag_id: str, run_id: str, campaign_id: str, form: dict[str, str], code: str) -> int:
    """Hand what a form says (answer, rejection, note) to Airflow.

    Returns the HTTP status: 200, 403, 404 (nothing waits for it), 409 (answered already), or 503 (the task that asked
    works: it looks whether its question is over, or keeps an answer).

    A task that was marked successful, or failed, does not wait: Airflow would still note an answer, and do nothing.

    Called from a route that is no coroutine: it waits on the event loop that serves the api-server.
    """
    path = "/api/v2/dags/{}/dagRuns/{}/taskInstances/{}".format(
        *(quote(part, safe="") for part in (dag_id, run_id, task_id_of(campaign_id)))
    )
    body: dict[str, object] = {
        "chosen_options": [OPTIONS[form["answer"]]],
        "params_input": {
            "note": form.get("note", "")[:NOTE_LENGTH],
            "rejection": form.get("rejection") or Rejection.BACK_FOR_CHANGES.value,
            "covers": code,
        },
    }
    headers = {name: request.headers[name] for name in PASSED_ON if name in request.headers}
    return anyio.from_thread.run(_answer, path, body, headers)


async def _answer(path: str, body: dict[str, object], headers: dict[str, str]) -> int:
    from airflow.api_fastapi.main import app  # the application that serves this very page

    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://airflow.invalid") as client:
        task = await client.get(path, headers=headers)
        state = task.json()["state"] if task.status_code == 200 else "awaiting_input"
        if state != "awaiting_input":
            return 503 if state in AT_WORK else 404
        return (await client.patch(f"{path}/-1/hitlDetails", json=body, headers=headers)).status_code
