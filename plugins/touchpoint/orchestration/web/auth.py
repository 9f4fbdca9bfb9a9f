"""Airflow's log-in and roles, wrapped: its helpers are no declared-stable API, so they are named in this module alone.

An app mounted into Airflow is open to everybody unless it asks; `SIGNED_IN` on the whole app is what closes it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
from airflow.api_fastapi.core_api.security import GetUserDep, get_user, requires_access_dag
from airflow.models.dag import DagModel
from fastapi import Depends

SIGNED_IN = Depends(get_user)
"""401 without a log-in, 403 with a bad one."""
MAY_READ_DAG = Depends(requires_access_dag("GET"))
"""403 unless the user may read the DAG named by the query's dag_id."""
User = GetUserDep


def readable_dags(user: Any, dag_ids: Iterable[str]) -> set[str]:
    """Those of some DAGs that a user may read; a DAG that is gone is judged by its id."""
    return _allowed("GET", user, dag_ids)


def editable_dags(user: Any, dag_ids: Iterable[str]) -> set[str]:
    """Those of some DAGs that a user may edit, which in Airflow is the right to pause them."""
    return _allowed("PUT", user, dag_ids)


def may_answer(user: Any, dag_id: str) -> bool:
    """Whether Airflow would take a user's answer to a question a task of a DAG asks."""
    return bool(
        get_auth_manager().is_authorized_dag(
            method="PUT", access_entity=DagAccessEntity.HITL_DETAIL, details=DagDetails(id=dag_id), user=user
        )
    )


def name_of(user: Any) -> str:
    """The user's name as Airflow knows it: what the ledger keeps as `who`."""
    return str(user.get_name())


def _allowed(method: Any, user: Any, dag_ids: Iterable[str]) -> set[str]:
    asked = sorted(set(dag_ids))
    if not asked:
        return set()
    teams = DagModel.get_dag_id_to_team_name_mapping(asked)
    manager = get_auth_manager()
    return {
        dag_id
        for dag_id in asked
        if manager.is_authorized_dag(
            method=method, details=DagDetails(id=dag_id, team_name=teams.get(dag_id)), user=user
        )
    }
