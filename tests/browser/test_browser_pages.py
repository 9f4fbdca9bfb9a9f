"""Our pages in a real Airflow UI: who sees them, and what."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect
from tests.browser.airflow_process import PASSWORDS, Airflow, log_in
from tests.sql.reports import ledger

REPORT = "/touchpoint/run?" + urlencode({"dag_id": ledger.DAG, "run_id": ledger.RUN_ID})
SHOTS = os.environ.get("TOUCHPOINT_SHOTS")
"""A folder for pictures of the pages, to look at."""


def shoot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


def run_url(dag_id: str) -> str:
    return f"/dags/{dag_id}/runs/{quote(ledger.RUN_ID)}/plugin/touchpoint_run"


def frame(page: Page) -> FrameLocator:
    return page.frame_locator("iframe[title=Touchpoint]")


def test_the_run_of_a_shop_has_a_tab_with_its_report(page: Page) -> None:
    page.goto(f"/dags/{ledger.DAG}/runs/{quote(ledger.RUN_ID)}")
    page.locator('a[href$="/plugin/touchpoint_run"]').click()
    expect(frame(page).get_by_role("heading", name="青禾小铺: intraday run")).to_be_visible()
    expect(frame(page).get_by_role("img", name="Funnel of unpaid_reminder")).to_be_visible()
    shoot(page, "tab")


def test_the_navigation_leads_to_all_shops_and_on_to_a_report_within_the_frame(page: Page) -> None:
    page.goto("/")
    page.locator('a[href$="/plugin/touchpoint"]').click()
    expect(frame(page).get_by_role("heading", name="青禾小铺")).to_be_visible()
    shoot(page, "navigation")
    frame(page).get_by_role("link", name="Report of the intraday run").click()
    expect(frame(page).get_by_role("heading", name="青禾小铺: intraday run")).to_be_visible()


def test_a_run_of_another_dag_says_that_it_has_no_report(page: Page) -> None:
    page.goto(run_url("someone_elses"))
    expect(frame(page).get_by_text("Touchpoint has no report for this run")).to_be_visible()
    shoot(page, "another_dag")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_run_our_script_alone_and_fetch_nothing_from_elsewhere(page: Page, airflow: Airflow, scheme: str) -> None:
    asked: list[str] = []
    told: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: told.append(message.text))
    page.on("dialog", lambda dialog: told.append(dialog.message))
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(REPORT)
    expect(page.get_by_role("heading", name="As the buyer sees it")).to_be_visible()
    shoot(page, f"report_{scheme}")
    page.goto("/touchpoint/")
    shoot(page, f"overview_{scheme}")
    assert [url for url in asked if not url.startswith(airflow.url)] == []
    assert {url.rpartition("/")[2] for url in asked if url.endswith(".js")} == {"theme.js"}
    assert told == []


def test_pages_follow_airflow_s_own_switch_whatever_the_browser_prefers(page: Page) -> None:
    page.emulate_media(color_scheme="light")
    page.goto("/")
    page.evaluate("localStorage.setItem('theme', 'dark')")
    page.goto("/plugin/touchpoint")
    expect(frame(page).get_by_role("heading", name="青禾小铺")).to_be_visible()
    expect(page.locator("html.dark")).to_be_attached()
    expect(frame(page).locator("body")).to_have_css("background-color", "rgb(18, 22, 28)")
    shoot(page, "frame_dark")
    page.evaluate("document.documentElement.className = 'light'")  # what the switch does, without a reload
    expect(frame(page).locator("body")).to_have_css("background-color", "rgb(255, 255, 255)")
    page.goto(REPORT)  # by itself, without a frame
    expect(page.locator("body")).to_have_css("background-color", "rgb(18, 22, 28)")


@pytest.mark.parametrize("path", [REPORT, "/touchpoint/", "/touchpoint/worklist", "/touchpoint/stops"])
def test_a_page_is_no_wider_than_a_telephone(page: Page, path: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(path)
    expect(page.get_by_role("heading").first).to_be_visible()
    shoot(page, f"telephone{path.partition('?')[0].replace('/', '_')}")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    widths = page.locator(".decided td.why:visible").evaluate_all("cells => cells.map(cell => cell.clientWidth)")
    assert [width for width in widths if width < 300] == []


def test_samples_show_masked_addresses_alone(page: Page) -> None:
    page.goto(REPORT)
    text = page.content()
    assert "+86139****5678" in text
    assert not [secret for secret in (ledger.PHONE, "13912345678", ledger.EMAIL, "王小明") if secret in text]


def test_an_ended_log_in_is_told_so_in_words_and_leads_back_to_the_page(airflow: Airflow, browser: Browser) -> None:
    context = browser.new_context(base_url=airflow.url)
    page = context.new_page()
    page.goto("/touchpoint/anything/below")
    heading = page.get_by_role("heading", name="Your log-in has ended")
    expect(heading).to_have_css("font-size", "22px")  # of our style, from wherever the address leads
    page.goto(REPORT)
    expect(heading).to_have_css("font-size", "22px")
    shoot(page, "log_in_ended")
    page.get_by_role("link", name="Log in again").click()
    page.locator("input[name=username]").fill("ops")
    page.locator("input[name=password]").fill(PASSWORDS["ops"])
    page.locator("[type=submit]").click()
    expect(page.get_by_role("heading", name="青禾小铺: intraday run")).to_be_visible()
    context.close()


def test_the_engineer_logs_in_by_the_form(airflow: Airflow, browser: Browser) -> None:
    context = browser.new_context(base_url=airflow.url)
    page = context.new_page()
    log_in(page, "engineer")
    page.goto(run_url(ledger.DAG))
    expect(frame(page).get_by_text("As of 2026-11-22 10:30 GMT+8")).to_be_visible()
    context.close()
