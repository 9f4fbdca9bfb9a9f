"""What an Airflow installation needs besides its schema: roles, users and pools. Run once, safe to run again.

    python -m touchpoint.orchestration.installation < users.json

users.json: {"<user>": {"role": "<Airflow role>", "password": "<password>"}}. Roles beyond Airflow's own come from the
setting [fab] custom_roles. A user who is there already is left as found, so a password changed in the UI stays.
Airflow's roles User and Op lose the right to answer for a marketer: who runs a campaign does not approve it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping

POOLS = {
    "touchpoint_ingest": (2, "Reads shop platforms, judges and loads what came"),
    "touchpoint_send": (2, "Hands messages to providers"),
    "touchpoint_backfill": (2, "Recomputes the past, when live runs leave room"),
}
"""Pools by name: slots, what they are for. Reading never waits for sending, nor sending for reading,
nor anything live for a backfill (include/airflow/airflow_local_settings.py)."""


NOT_THEIRS = tuple((role, "can_edit", "HITL Detail") for role in ("User", "Op"))
"""Rights that Airflow's own roles bring along and lose here."""


def install(users: Mapping[str, Mapping[str, str]]) -> None:
    """Make roles, pools and those of the users that are not there yet."""
    from airflow.models.pool import Pool
    from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder

    with get_application_builder() as builder:
        security = builder.sm
        builder.add_permissions(update_perms=True)
        security.sync_roles()
        for role, action, resource in NOT_THEIRS:
            _take_away(security, role, action, resource)
        for name, user in users.items():
            if security.find_user(username=name) is None:
                _add_user(security, name, user)
    for name, (slots, description) in POOLS.items():
        if Pool.get_pool(name) is None:
            Pool.create_or_update_pool(name, slots, description, include_deferred=False)


def _take_away(security, role_name: str, action: str, resource: str) -> None:  # type: ignore[no-untyped-def]
    role, permission = security.find_role(role_name), security.get_permission(action, resource)
    if role is not None and permission is not None:
        security.remove_permission_from_role(role, permission)


def _add_user(security, name: str, user: Mapping[str, str]) -> None:  # type: ignore[no-untyped-def]
    role = security.find_role(user["role"])
    if role is None:
        raise SystemExit(f"no role {user['role']!r}: name it in [fab] custom_roles")
    made = security.add_user(
        username=name,
        first_name=name.capitalize(),
        last_name="Touchpoint",
        email=f"{name}@touchpoint.invalid",
        role=role,
        password=user["password"],
    )
    if not made:
        raise SystemExit(f"could not make user {name}")


if __name__ == "__main__":
    install(json.load(sys.stdin))
