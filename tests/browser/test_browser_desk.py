"""The worklist and the kill switches in a real Airflow UI: what each role sees, may do, and cannot be made to do."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser.airflow_process import Airflow

from touchpoint.db import Database
from touchpoint.local.postgres import Server

SHOTS = os.environ.get("TOUCHPOINT_SHOTS")
NOW = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)
SAME_SITE = {"Sec-Fetch-Site": "same-origin"}
TASKS = """
INSERT INTO ledger.worklist (realm, shop_id, kind, subject_id, customer_id, reason, detail, due_at, opened_as_of,
    opened_run_no, state, outcome, note, who, closed_at)
SELECT 'live', 'sandbox', kinds.kind, (2900000010000000000 + n)::text, 'AAF' || n, kinds.reason, kinds.detail::jsonb,
    %(at)s::timestamptz - n * interval '7 minutes', %(at)s, (SELECT min(run_no) FROM ledger.run),
    CASE n %% 10 WHEN 8 THEN 'done' WHEN 9 THEN 'withdrawn' ELSE 'open' END,
    CASE n %% 10 WHEN 8 THEN 'handled' END, CASE n %% 10 WHEN 8 THEN '已联系仓库，今晚随晚班车发出' END,
    CASE n %% 10 WHEN 8 THEN 'ops' END, CASE WHEN n %% 10 > 7 THEN %(at)s::timestamptz END
FROM generate_series(%(first)s::int, %(last)s::int) AS n
CROSS JOIN LATERAL (
    SELECT * FROM (VALUES
        (0, 'not_dispatched', 'paid_before_cut_off',
            '{"paid_at": "2026-11-20T02:00:00Z", "amount_minor": 123456789, "currency": "CNY"}'),
        (1, 'not_dispatched', 'paid_after_cut_off',
            '{"paid_at": "2026-11-20T10:00:00Z", "amount_minor": 9900, "currency": "CNY"}'),
        (2, 'chase_parcel', 'late', '{"carrier": "圆通速递", "days": 9}')
    ) AS given (place, kind, reason, detail) WHERE place = n %% 3
) AS kinds
"""
STANDING = """
WITH known AS (
    SELECT customer_no, row_number() OVER (ORDER BY customer_no) AS n FROM facts.customers WHERE shop_id = 'sandbox'
),

featured AS (
    INSERT INTO record.customer_features (shop_id, customer_no, first_paid_at, last_paid_at, order_count, paid_minor,
        refund_count, refund_minor, purchase_days, computed_as_of)
    SELECT 'sandbox', customer_no, %(at)s::timestamptz - interval '9 days', %(at)s::timestamptz - interval '2 days', n,
        123456789 * n, 0, 0, n, %(at)s FROM known
),

bounded AS (
    INSERT INTO record.segment_bounds (shop_id, bounds, made_from, begins)
    VALUES ('sandbox', '{}', 'x', %(at)s::timestamptz - interval '40 days')
)

INSERT INTO record.customer_segments
SELECT 'sandbox', customer_no, 5, 5, 5, 'champions', 'top', 'loyal', 'awake', NULL, 'infinity', NULL,
    %(at)s::timestamptz - n * interval '20 days'
FROM known
"""
SWITCH = """
INSERT INTO ledger.stop (scope, shop_id, campaign_id, is_stopped, who, note)
VALUES (%(scope)s, %(shop_id)s, %(campaign_id)s, %(is_stopped)s, %(who)s, %(note)s)
"""


@pytest.fixture
def ledger_of(server: Server, reported: str) -> Iterator[Callable[..., list[dict[str, Any]]]]:
    """Runs a statement on the reported database."""
    database = Database(server.url(reported))

    def run(text: str, **values: Any) -> list[dict[str, Any]]:
        with database.transaction() as tx:
            result = tx.connection.exec_driver_sql(text, values or None)
            return [dict(row) for row in result.mappings()] if result.returns_rows else []

    before = run("DELETE FROM ledger.stop RETURNING scope, shop_id, campaign_id, is_stopped, who, note")
    yield run
    run("DELETE FROM ledger.worklist")
    for table in ("customer_features", "customer_segments", "segment_bounds"):
        run(f"DELETE FROM record.{table}")
    run("DELETE FROM ledger.stop")
    for row in before:
        run(SWITCH, **row)
    database.close()


@pytest.fixture(scope="module")
def tokens(airflow: Airflow) -> dict[str, str]:
    return {user: airflow.token(user) for user in ("engineer", "marketer", "ops", "outsider")}


@pytest.fixture
def as_user(browser: Browser, airflow: Airflow, tokens: dict[str, str]) -> Iterator[Callable[..., Page]]:
    """A page with the log-in of a user."""
    contexts = []

    def opened(user: str, **options: Any) -> Page:
        context = browser.new_context(base_url=airflow.url, viewport={"width": 1280, "height": 900}, **options)
        context.add_cookies([{"name": "_token", "value": tokens[user], "url": airflow.url}])
        contexts.append(context)
        return context.new_page()

    yield opened
    for context in contexts:
        context.close()


def shoot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


def post(airflow: Airflow, path: str, token: str, form: dict[str, str], **headers: str) -> int:
    """Status of a form sent by anything but a browser's own page; a redirect is its own status."""
    request = urllib.request.Request(airflow.url + path, urlencode(form).encode(), method="POST")  # noqa: S310
    for name, value in {"Cookie": f"_token={token}", **{k.replace("_", "-"): v for k, v in headers.items()}}.items():
        request.add_header(name, value)
    try:
        with urllib.request.build_opener(_Stay).open(request, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        with refused:
            return int(refused.code)


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def test_an_empty_worklist_and_no_stop_say_so(
    as_user: Callable[..., Page], ledger_of: Callable[..., list[dict[str, Any]]]
) -> None:
    assert ledger_of("SELECT FROM ledger.worklist") == []
    page = as_user("ops")
    page.goto("/touchpoint/worklist")
    expect(page.get_by_text("Nothing to do: no task is open")).to_be_visible()
    shoot(page, "worklist_empty")
    page.goto("/touchpoint/stops")
    expect(page.get_by_text("Nothing is stopped.")).to_be_visible()
    expect(page.get_by_text("Nothing yet.")).to_be_visible()
    shoot(page, "stops_empty")


def test_the_overview_leads_to_both_within_airflow_s_frame(
    as_user: Callable[..., Page], ledger_of: Callable[..., list[dict[str, Any]]]
) -> None:
    page = as_user("ops")
    page.goto("/plugin/touchpoint")
    frame = page.frame_locator("iframe[title=Touchpoint]")
    frame.get_by_role("link", name="Worklist").first.click()
    expect(frame.get_by_role("heading", name="worklist")).to_be_visible()
    frame.get_by_role("link", name="All shops").click()
    frame.get_by_role("link", name="Stops").first.click()
    expect(frame.get_by_role("heading", name="Stops", exact=True)).to_be_visible()
    frame.get_by_label("Why it is stopped").fill("in the frame")
    frame.get_by_role("button", name="Stop").click()
    expect(frame.get_by_text("in the frame").first).to_be_visible()
    frame.get_by_label("may go on").fill("and back")
    frame.get_by_role("button", name="Resume").click()
    expect(frame.get_by_text("Nothing is stopped.")).to_be_visible()
    assert len(ledger_of("SELECT FROM ledger.stop")) == 2


def test_somebody_of_ops_records_what_came_of_a_task(
    as_user: Callable[..., Page], ledger_of: Callable[..., list[dict[str, Any]]]
) -> None:
    ledger_of(TASKS, at=NOW, first=1, last=12)
    page = as_user("ops")
    page.goto("/touchpoint/worklist")
    shoot(page, "worklist")
    first = page.locator("table.tasks tbody tr").first
    task = first.locator("td").first.inner_text()
    first.get_by_label("What came of").select_option("handled")
    first.get_by_label("Note to").fill("已联系仓库，今晚发出 13912345678")
    first.get_by_role("button", name="Record").click()
    expect(page.get_by_text(f"Task {task} is done.")).to_be_visible()
    page.get_by_role("link", name="done ", exact=False).first.click()
    expect(page.get_by_text("已联系仓库，今晚发出 ***")).to_be_visible()
    shoot(page, "worklist_done")
    row = ledger_of("SELECT who, outcome, note, closed_at FROM ledger.worklist WHERE task_id = %(id)s", id=int(task))[0]
    assert (row["who"], row["outcome"], row["note"]) == ("ops", "handled", "已联系仓库，今晚发出 ***")
    assert row["closed_at"] is not None


def test_two_people_at_one_task_the_second_is_told_who_was_first(
    as_user: Callable[..., Page], ledger_of: Callable[..., list[dict[str, Any]]]
) -> None:
    ledger_of(TASKS, at=NOW, first=1, last=1)
    page = as_user("engineer")
    page.goto("/touchpoint/worklist")
    ledger_of("UPDATE ledger.worklist SET state='done', outcome='not_needed', who='ops', closed_at=%(at)s", at=NOW)
    page.get_by_label("What came of").select_option("handled")
    page.get_by_role("button", name="Record").click()
    expect(page.get_by_text("was done by ops before: not_needed")).to_be_visible()
    shoot(page, "worklist_second")


def test_five_thousand_tasks_come_in_pages_and_by_kind(
    as_user: Callable[..., Page], ledger_of: Callable[..., list[dict[str, Any]]]
) -> None:
    ledger_of(TASKS, at=NOW, first=1, last=5_000)
    page = as_user("marketer")
    page.goto("/touchpoint/worklist")
    expect(page.get_by_text("Page 1 of 80, 4,000 tasks")).to_be_visible()
    expect(page.locator("table.tasks tbody tr")).to_have_count(50)
    expect(page.get_by_role("button", name="Record")).to_have_count(0)
    shoot(page, "worklist_5000")
    page.get_by_role("link", name="Last").click()
    expect(page.get_by_text("Page 80 of 80")).to_be_visible()
    page.get_by_role("link", name="Parcels to chase").click()
    expect(page.get_by_role("link", name="Parcels to chase")).to_have_attribute("aria-current", "page")
    expect(page.get_by_text("圆通速递").first).to_be_visible()
    page.goto("/touchpoint/worklist?page=999999&kind=nonsense&state=nonsense")
    expect(page.get_by_text("Page 80 of 80, 4,000 tasks")).to_be_visible()


def test_the_csv_of_a_worklist_is_for_those_who_may_read_the_shop(
    airflow: Airflow, tokens: dict[str, str], ledger_of: Callable[..., list[dict[str, Any]]]
) -> None:
    ledger_of(TASKS, at=NOW, first=1, last=3)
    status, text = airflow.call("GET", "/touchpoint/worklist.csv?shop=sandbox", token=tokens["marketer"])
    assert (status, text.count("\r\n")) == (200, 4)
    assert airflow.call("GET", "/touchpoint/worklist.csv?shop=sandbox", token=tokens["outsider"])[0] == 403
    assert airflow.call("GET", "/touchpoint/worklist.csv?shop=nobodys", token=tokens["marketer"])[0] == 403


def test_who_may_read_no_shop_sees_no_worklist(airflow: Airflow, tokens: dict[str, str]) -> None:
    status, text = airflow.call("GET", "/touchpoint/worklist", token=tokens["outsider"])
    assert (status, "There is no shop here" in text) == (200, True)
    assert "No worklist" in airflow.call("GET", "/touchpoint/worklist?shop=sandbox", token=tokens["outsider"])[1]
    assert "青禾小铺" not in airflow.call("GET", "/touchpoint/stops", token=tokens["outsider"])[1]


@pytest.mark.parametrize("user", ["engineer", "ops"])
def test_who_may_edit_the_shop_s_dags_stops_and_resumes_it(
    as_user: Callable[..., Page], ledger_of: Callable[..., list[dict[str, Any]]], user: str
) -> None:
    page = as_user(user)
    page.goto("/touchpoint/stops")
    page.get_by_label("Shop").select_option("sandbox")
    page.get_by_label("Campaign").select_option("unpaid_reminder")
    page.get_by_label("Why it is stopped").fill("<b>短信内容有误</b>，正在修改")
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("<b>短信内容有误</b>，正在修改").first).to_be_visible()
    standing = ledger_of("SELECT scope, shop_id, campaign_id, is_stopped, who FROM ledger.stop")
    assert standing == [
        {"scope": "campaign", "shop_id": "sandbox", "campaign_id": "unpaid_reminder", "is_stopped": True, "who": user}
    ]
    page.get_by_label("Why it is stopped").fill("everything, too")
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("row", name="Everything").first).to_be_visible()
    shoot(page, f"stops_{user}")
    page.goto("/touchpoint/")
    expect(page.get_by_text("everything, too")).to_be_visible()
    page.goto("/touchpoint/stops")
    page.get_by_label("Why Everything may go on").fill("mended")
    page.get_by_role("row", name="Everything").get_by_role("button", name="Resume").click()
    expect(page.get_by_role("button", name="Resume")).to_have_count(1)
    assert [row["is_stopped"] for row in ledger_of("SELECT is_stopped FROM ledger.stop ORDER BY stop_id")] == [
        True, True, False,
    ]  # fmt: skip


def test_stopping_what_is_stopped_is_told_and_switches_nothing(
    as_user: Callable[..., Page], ledger_of: Callable[..., list[dict[str, Any]]]
) -> None:
    page = as_user("ops")
    page.goto("/touchpoint/stops")
    page.get_by_label("Why it is stopped").fill("twice")
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("cell", name="twice").first).to_be_visible()
    page.get_by_label("Why it is stopped").fill("again")
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("It is stopped already")).to_be_visible()
    assert len(ledger_of("SELECT FROM ledger.stop")) == 1


def test_the_marketer_sees_the_stops_and_cannot_turn_them(
    as_user: Callable[..., Page],
    airflow: Airflow,
    tokens: dict[str, str],
    ledger_of: Callable[..., list[dict[str, Any]]],
) -> None:
    ledger_of(SWITCH, scope="shop", shop_id="sandbox", campaign_id=None, is_stopped=True, who="ops", note="双十一")
    page = as_user("marketer")
    page.goto("/touchpoint/stops")
    expect(page.get_by_text("双十一").first).to_be_visible()
    expect(page.get_by_role("button")).to_have_count(0)
    shoot(page, "stops_marketer")
    for form in ({"change": "resume", "shop": "sandbox", "note": "x"}, {"change": "stop", "note": "x"}):
        assert post(airflow, "/touchpoint/stops", tokens["marketer"], form, Sec_Fetch_Site="same-origin") == 403
    task = {"shop": "sandbox", "task": "1", "outcome": "handled"}
    assert post(airflow, "/touchpoint/worklist", tokens["marketer"], task, Sec_Fetch_Site="same-origin") == 403
    assert len(ledger_of("SELECT FROM ledger.stop")) == 1


@pytest.mark.parametrize("path", ["/touchpoint/stops", "/touchpoint/worklist", "/touchpoint/segments"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {},
    ],
    ids=["another site", "a neighbour", "another origin", "no origin", "no word of it"],
)
def test_a_form_of_another_site_changes_nothing(
    airflow: Airflow,
    tokens: dict[str, str],
    ledger_of: Callable[..., list[dict[str, Any]]],
    path: str,
    headers: dict[str, str],
) -> None:
    form = {"change": "stop", "note": "forged", "shop": "sandbox", "task": "1", "outcome": "handled"}
    assert post(airflow, path, tokens["engineer"], form, **headers) == 403
    assert ledger_of("SELECT FROM ledger.stop") == []


def test_the_same_form_from_our_own_origin_is_taken(
    airflow: Airflow, tokens: dict[str, str], ledger_of: Callable[..., list[dict[str, Any]]]
) -> None:
    form = {"change": "stop", "note": "ours", "shop": "sandbox"}
    assert post(airflow, "/touchpoint/stops", tokens["engineer"], form, Origin=airflow.url) == 303
    assert [row["note"] for row in ledger_of("SELECT note FROM ledger.stop")] == ["ours"]


@pytest.mark.parametrize("query", ["change=stop&note=x", "shop=sandbox&task=1&outcome=handled"], ids=["stop", "task"])
def test_a_get_changes_nothing(
    airflow: Airflow, tokens: dict[str, str], ledger_of: Callable[..., list[dict[str, Any]]], query: str
) -> None:
    ledger_of(TASKS, at=NOW - timedelta(days=1), first=1, last=1)
    for path in ("/touchpoint/stops", "/touchpoint/worklist"):
        assert airflow.call("GET", f"{path}?{query}", token=tokens["engineer"])[0] == 200
    assert ledger_of("SELECT FROM ledger.stop") == []
    assert [row["state"] for row in ledger_of("SELECT state FROM ledger.worklist")] == ["open"]


def test_a_form_too_large_or_of_another_kind_is_refused(airflow: Airflow, tokens: dict[str, str]) -> None:
    token = tokens["engineer"]
    large = {"change": "stop", "note": "x" * 20_000}
    assert post(airflow, "/touchpoint/stops", token, large, Sec_Fetch_Site="same-origin") == 413
    other = {"Sec_Fetch_Site": "same-origin", "Content_Type": "application/json"}
    assert post(airflow, "/touchpoint/stops", token, json.loads("{}"), **other) == 415


def test_a_switch_without_a_reason_or_of_nothing_known_is_refused(
    airflow: Airflow, tokens: dict[str, str], ledger_of: Callable[..., list[dict[str, Any]]]
) -> None:
    own = {"Sec_Fetch_Site": "same-origin"}
    refused = [
        {"change": "stop", "note": "  "},
        {"change": "explode", "note": "x"},
        {"change": "stop", "note": "x", "campaign": "nobodys"},
        {"change": "resume", "note": "x"},
    ]
    assert [post(airflow, "/touchpoint/stops", tokens["ops"], form, **own) for form in refused] == [409] * 4
    assert post(airflow, "/touchpoint/stops", tokens["ops"], {**refused[0], "shop": "nobodys"}, **own) == 403
    assert ledger_of("SELECT FROM ledger.stop") == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_pages_run_no_script_and_fetch_nothing_from_elsewhere(
    as_user: Callable[..., Page], airflow: Airflow, ledger_of: Callable[..., list[dict[str, Any]]], scheme: str
) -> None:
    ledger_of(TASKS, at=NOW, first=1, last=6)
    asked: list[str] = []
    told: list[str] = []
    page = as_user("ops", color_scheme=scheme)
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: told.append(message.text))
    for name in ("worklist", "stops"):
        page.goto(f"/touchpoint/{name}")
        shoot(page, f"{name}_{scheme}")
    page.set_viewport_size({"width": 420, "height": 800})
    page.goto("/touchpoint/worklist")
    shoot(page, f"worklist_narrow_{scheme}")
    assert [url for url in asked if not url.startswith(airflow.url)] == []
    assert told == []


def test_segments_open_from_the_overview_and_explain_a_customer_within_the_frame(
    as_user: Callable[..., Page], ledger_of: Callable[..., list[dict[str, Any]]]
) -> None:
    ledger_of(STANDING, at=NOW)
    told: list[str] = []
    page = as_user("marketer", color_scheme="dark")
    page.on("console", lambda message: told.append(message.text))
    page.goto("/plugin/touchpoint")
    frame = page.frame_locator("iframe[title=Touchpoint]")
    frame.get_by_role("link", name="Segments of its customers").first.click()
    expect(frame.get_by_role("heading", name="青禾小铺: segments")).to_be_visible()
    shoot(page, "segments_dark")
    frame.get_by_role("link", name="RFM group").click()
    # The form is on the page it leaves, too, and so may be the moves: what is filled in there is gone with it.
    expect(frame.get_by_role("link", name="RFM group")).to_have_attribute("aria-current", "page")
    expect(frame.get_by_role("cell", name="no paid order yet").first).to_be_visible()
    frame.get_by_label("Customer id").fill("buyer-2")
    frame.get_by_role("button", name="Explain").click()
    expect(frame.get_by_role("row", name="rfm group champions")).to_be_visible()
    assert "buyer-2" not in "".join(part.url for part in page.frames), "who was asked about stays out of addresses"
    shoot(page, "explain_dark")
    frame.get_by_label("Customer id").fill("+8613912345678")
    frame.get_by_role("button", name="Explain").click()
    expect(frame.get_by_text("No such customer.")).to_be_visible()
    assert [text for text in told if "touchpoint" in text.lower() or "policy" in text.lower()] == []


def test_every_dag_of_a_shop_has_a_tab_with_its_segments(
    as_user: Callable[..., Page], ledger_of: Callable[..., list[dict[str, Any]]]
) -> None:
    ledger_of(STANDING, at=NOW)
    page = as_user("marketer")
    page.goto("/dags/touchpoints_intraday__sandbox")
    page.locator('a[href$="/plugin/touchpoint_segments"]').click()
    frame = page.frame_locator("iframe[title=Segments]")
    expect(frame.get_by_role("heading", name="青禾小铺: segments")).to_be_visible()
    shoot(page, "segments_tab")
