"""Everything on one machine, natively: PostgreSQL from a wheel, the sandbox, Airflow. `make run` and tests use it."""

from __future__ import annotations

import json
import os
from pathlib import Path

from touchpoint.statements import ROOT


def load_environment(var: Path = ROOT / "var") -> bool:
    """Take over the variables `make run` keeps in var/environment.json, unless a Touchpoint database is named already.

    So a shell on the same machine speaks to the same database and the same sandbox without setting anything.
    """
    path = var / "environment.json"
    if os.environ.get("AIRFLOW_CONN_TOUCHPOINT") or not path.is_file():
        return False
    for key, value in json.loads(path.read_text(encoding="utf-8")).items():
        os.environ.setdefault(key, value)
    return True
