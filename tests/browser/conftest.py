"""One Airflow api-server a session, on databases of its own, and a browser to look at it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from tests.browser.airflow_process import Airflow, log_in, running_airflow
from tests.sql.reports import ledger

from touchpoint.db import Database
from touchpoint.local.postgres import Server

expect.set_options(timeout=30_000)  # the first page imports what draws, perhaps on a busy machine


@pytest.fixture(scope="session")
def reported(server: Server) -> str:
    """A Touchpoint database with the small ledger; its name."""
    name = f"reported_{os.getpid()}"
    server.create_database(name, template="template_touchpoint")
    database = Database(server.url(name))
    with database.transaction() as tx:
        ledger.seed(tx)
    database.close()
    return name


@pytest.fixture(scope="session")
def airflow(server: Server, reported: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airflow]:
    """Airflow's api-server with our plugin and a log-in for each role."""
    with running_airflow(server, reported, tmp_path_factory.mktemp("airflow")) as found:
        yield found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not found:
        pytest.fail("no Chromium on this machine. As root on Debian: apt-get install chromium fonts-noto-cjk")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=found,
            args=["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
        )
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def marketer(browser: Browser, airflow: Airflow) -> Any:
    """The marketer's cookies: logged in once, for Airflow takes five log-ins in forty seconds and no more."""
    context = browser.new_context(base_url=airflow.url)
    log_in(context.new_page(), "marketer")
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def page(browser: Browser, airflow: Airflow, marketer: Any) -> Iterator[Page]:
    """A page of the marketer's."""
    context = browser.new_context(
        base_url=airflow.url, viewport={"width": 1440, "height": 1000}, storage_state=marketer
    )
    yield context.new_page()
    context.close()
