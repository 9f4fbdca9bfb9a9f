"""The pages' application. Every route needs Airflow's log-in; what is not a page is answered behind it, too."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import HTMLResponse
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException as StarletteHTTPException

from touchpoint.db import Database
from touchpoint.errors import TouchpointError
from touchpoint.orchestration.connections import airflow_connection
from touchpoint.orchestration.web import approval, backfills, pages, segments, switches, worklist
from touchpoint.orchestration.web.auth import MAY_READ_DAG, SIGNED_IN, User, readable_dags
from touchpoint.orchestration.web.headers import SecurityHeaders
from touchpoint.settings import CONFIG_ROOT, TOUCHPOINT_CONNECTION, database_url
from touchpoint.statements import ROOT

STYLE = ROOT / "include" / "templates" / "reports" / "style.css"
log = logging.getLogger(__name__)


def build_app(connect: Callable[[], Database] | None = None, config: Path = CONFIG_ROOT) -> FastAPI:
    """The application Airflow mounts at /touchpoint.

    Args:
        connect: opens the Touchpoint database; by default the connection `touchpoint` as Airflow knows it.
        config: the folder of shop and campaign files.
    """
    app = FastAPI(title="Touchpoint", docs_url=None, redoc_url=None, openapi_url=None, dependencies=[SIGNED_IN])
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

    @app.get("/style.css")
    def style() -> Response:
        return Response(STYLE.read_bytes(), media_type="text/css")

    @app.get("/{path:path}")
    def elsewhere(path: str) -> None:
        raise HTTPException(404)

    _tell_errors_as_pages(app)
    return app


def airflow_database() -> Database:
    """The Touchpoint database by Airflow's connection of that id; one pool a process."""
    return _pool(database_url(airflow_connection(TOUCHPOINT_CONNECTION)))


@lru_cache(maxsize=1)
def _pool(url: str) -> Database:
    return Database(url, application="touchpoint_pages")


def _tell_errors_as_pages(app: FastAPI) -> None:
    @app.exception_handler(StarletteHTTPException)
    async def refused(request: Request, error: StarletteHTTPException) -> HTMLResponse:
        return HTMLResponse(pages.refusal_page(error.status_code), error.status_code, headers=error.headers)

    @app.exception_handler(SQLAlchemyError)
    async def unreachable(request: Request, error: SQLAlchemyError) -> HTMLResponse:
        log.error("Touchpoint's pages cannot read their database: %s", type(error).__name__)
        return HTMLResponse(pages.unreachable_page(), 503)

    @app.exception_handler(TouchpointError)
    async def failed(request: Request, error: TouchpointError) -> HTMLResponse:
        log.error("Touchpoint's pages: %s", error)
        return HTMLResponse(pages.error_page(error), 500)
