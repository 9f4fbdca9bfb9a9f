"""The one Airflow plugin: a tab on every DAG run, an entry in the navigation, and the pages behind both.

Loaded by every Airflow process; the pages' code is imported when the api-server asks for them, by no other process.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin


class BackfillsGoLast:
    """Tasks of a backfill over runs that were there before: Airflow cleared them while they were something else."""

    @hookimpl
    def on_dag_run_running(self, dag_run: Any, msg: str) -> None:
        """A run starts, in the scheduler and in its transaction."""
        from sqlalchemy.orm import object_session

        from touchpoint.orchestration import backfill_pool

        if backfill_pool.is_ours(dag_run) and (session := object_session(dag_run)) is not None:
            for task_instance in dag_run.get_task_instances(session=session):
                backfill_pool.place(task_instance, dag_run)


class TouchpointPlugin(AirflowPlugin):
    """Touchpoint's pages in Airflow's UI."""

    name = "touchpoint"
    listeners: ClassVar[list[Any]] = [BackfillsGoLast()]
    # Relative: Airflow's page resolves them against its own base, whatever prefix it is served from.
    external_views: ClassVar[list[Any]] = [
        {
            "name": "Touchpoint",
            "href": "touchpoint/",
            "destination": "nav",
            "url_route": "touchpoint",
            "nav_top_level": True,
        },
        {
            "name": "Touchpoint",
            "href": "touchpoint/run?dag_id={DAG_ID}&run_id={RUN_ID}",
            "destination": "dag_run",
            "url_route": "touchpoint_run",
        },
        {
            "name": "Touchpoint",
            "href": "touchpoint/backfills?dag_id={DAG_ID}",
            "destination": "dag",
            "url_route": "touchpoint_backfills",
        },
        {
            "name": "Segments",
            "href": "touchpoint/segments?dag_id={DAG_ID}",
            "destination": "dag",
            "url_route": "touchpoint_segments",
        },
    ]

    @cached_property
    def fastapi_apps(self) -> list[dict[str, Any]]:  # type: ignore[override]
        """The pages' application, built when the api-server first reads this."""
        from touchpoint.orchestration.web.app import build_app

        return [{"app": build_app(), "url_prefix": "/touchpoint", "name": "Touchpoint"}]
