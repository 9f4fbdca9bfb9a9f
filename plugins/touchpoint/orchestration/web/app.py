"""The pages' application. Every page needs Airflow's log-in, and so does what is none; what they look like does not."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import HTMLResponse

from touchpoint.db import Database
from touchpoint.orchestration.connections import airflow_connection
from touchpoint.orchestration.web import approval, backfills, pages, segments, switches, worklist
from touchpoint.orchestration.web.auth import MAY_READ_DAG, SIGNED_IN, User, readable_dags
from touchpoint.orchestration.web.headers import SecurityHeaders
from touchpoint.orchestration.web.refusals import ReadableAddresses, tell_errors_as_pages
from touchpoint.settings import CONFIG_ROOT, TOUCHPOINT_CONNECTION, database_url
from touchpoint.statements import ROOT

TEMPLATES = ROOT / "include" / "templates" / "reports"
ASSETS = {"style.css": "text/css", "theme.js": "text/javascript"}


def build_app(connect: Callable[[], Database] | None = None, config: Path = CONFIG_ROOT) -> FastAPI:
    """The application Airflow mounts at /touchpoint.

    Args:
        connect: opens the Touchpoint database; by default the connection `touchpoint` as Airflow knows it.
        config: the folder of shop and campaign files.
    """
    app = FastAPI(title="Touchpoint", docs_url=None, redoc_url=None, openapi_url=None, dependencies=[SIGNED_IN])
    app.add_middleware(ReadableAddresses)
    app.add_middleware(SecurityHeaders)
    opened = connect or airflow_database

    @app.get("/", response_class=HTMLResponse)
    def overview(user: User) -> str:
        return pages.overview_page(opened(), config, lambda dag_ids: readable_dags(user, dag_ids))

    @app.get("/run", response_class=HTMLResponse, dependencies=[MAY_READ_DAG])
    def run(dag_id: str = "", run_id: str = "") -> str:
        return pages.run_page(opened(), config, dag_id, run_id)

    @app.get("/backfills", response_class=HTMLResponse, dependencies=[MAY_READ_DAG])
    def recomputed(dag_id: str = "", since: str = "", until: str = "") -> str:
        return backfills.backfills_page(opened(), config, dag_id, since, until)

    approval.add_routes(app, opened, config)
    worklist.add_routes(app, opened, config)
    segments.add_routes(app, opened, config)
    switches.add_routes(app, opened, config)

    for name, kind in ASSETS.items():
        # Starlette's own routes ask for no log-in: what a page looks like is no secret, and a refusal has a face, too.
        app.router.add_route(f"/{name}", _asset(name, kind), methods=["GET"], include_in_schema=False)

    @app.get("/{path:path}")
    def elsewhere(path: str) -> None:
        raise HTTPException(404)

    tell_errors_as_pages(app)
    return app


def airflow_database() -> Database:
    """The Touchpoint database by Airflow's connection of that id; one pool a process."""
    return _pool(database_url(airflow_connection(TOUCHPOINT_CONNECTION)))


@lru_cache(maxsize=1)
def _pool(url: str) -> Database:
    return Database(url, application="touchpoint_pages")


def _asset(name: str, kind: str) -> Callable[[Request], Response]:
    return lambda request: Response((TEMPLATES / name).read_bytes(), media_type=kind)
