"""A question that is looked at again while the ledger does not answer: nobody has taken it back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.channels.fakes import free_port

ROOT = Path(__file__).resolve().parents[2]
PROBE = """
import json
from types import SimpleNamespace
from airflow.sdk.exceptions import TaskAwaitingInput
from touchpoint.orchestration import approval

shown = []
approval.upsert_hitl_detail = lambda **told: shown.append(told["params"]["covers"]["value"])  # no scheduler here
task = approval.AskMarketer(task_id="approve_promotion", campaign_id="promotion")
question = {"question": "1", "run_no": 1, "code": "ABC", "is_restated": False}
try:
    task.execute_complete({"task_instance": SimpleNamespace(id="1")}, {"timedout": True}, **question)
except TaskAwaitingInput as parked:
    waits = parked.timeout == approval.LOOKS_AGAIN
    print("PROBE" + json.dumps([shown, waits, parked.method_name, parked.kwargs == question]))
"""


def test_a_ledger_that_does_not_answer_ends_no_question(tmp_path: Path) -> None:
    ledger = {"conn_type": "postgres", "host": "127.0.0.1", "port": free_port(), "login": "x", "schema": "touchpoint"}
    variables = {
        **{key: value for key, value in os.environ.items() if not key.startswith("AIRFLOW_CONN_")},
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW_CONN_TOUCHPOINT": json.dumps(ledger),
        "PYTHONPATH": str(ROOT / "plugins"),
    }
    given = {"env": variables, "capture_output": True, "text": True, "cwd": ROOT}
    done = subprocess.run([sys.executable, "-c", PROBE], **given)
    line = next((line for line in done.stdout.splitlines() if line.startswith("PROBE")), None)
    assert line, done.stderr[-2000:]
    assert "Connection refused" in done.stdout + done.stderr
    assert json.loads(line.removeprefix("PROBE")) == [["ABC"], True, "execute_complete", True]
