"""The one Airflow plugin: a tab on every DAG run, an entry in the navigation, and the pages behind both.

Loaded by every Airflow process; the pages' code is imported when the api-server asks for them, by no other process.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

from airflow.plugins_manager import AirflowPlugin


class TouchpointPlugin(AirflowPlugin):
    """Touchpoint's pages in Airflow's UI."""

    name = "touchpoint"
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
