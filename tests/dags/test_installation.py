"""The rights Airflow's own roles keep in an installation of ours."""

from __future__ import annotations

import json
import subprocess
import sys

from touchpoint.orchestration.installation import NOT_THEIRS

PROBE = """
import json
from airflow.providers.fab.auth_manager.security_manager.override import FabAirflowSecurityManagerOverride as Manager
print("PROBE" + json.dumps({role["role"]: role["perms"] for role in Manager.ROLE_CONFIGS}))
"""


def test_of_airflows_own_roles_the_administrator_alone_answers_for_a_marketer() -> None:
    told = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True, timeout=120).stdout
    rights = json.loads(told.partition("PROBE")[2])
    answer = ["can_edit", "HITL Detail"]
    brought = {role for role in rights if answer in rights[role]}
    taken = {role for role, *right in NOT_THEIRS if right == answer}
    assert "Op" in brought
    assert brought - taken == {"Admin"}
