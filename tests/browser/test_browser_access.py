"""Who may see what: our routes, found from the application itself, and Airflow's own API for each of our roles."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

import pytest
from tests.browser.airflow_process import ROLES, Airflow
from tests.sql.reports import ledger

RUN = urlencode({"dag_id": ledger.DAG, "run_id": ledger.RUN_ID})
REPORT = f"/touchpoint/run?{RUN}"
ROUTES = (
    "import json; from touchpoint.orchestration.web.app import build_app;"
    "print(json.dumps([[route.path, sorted(route.methods)] for route in build_app().routes]))"
)
PUBLIC = {"/api/v2/version", "/api/v2/monitor/health", "/api/v2/auth/login", "/api/v2/auth/logout"}
"""Airflow's own routes that answer anybody, by Airflow's design."""
LOOKS = {"/style.css", "/theme.js"}
"""What pages look like is told anybody: a refusal has a face, too."""
DAG_RUN = f"/api/v2/dags/{ledger.DAG}/dagRuns/{ledger.RUN_ID.replace('+', '%2B')}"
NOT_FOR_MARKETERS = [
    ("GET", "/api/v2/connections"),
    ("GET", "/api/v2/connections/touchpoint"),
    ("GET", "/api/v2/variables"),
    ("GET", "/api/v2/config"),
    ("GET", "/api/v2/pools"),
    ("GET", "/api/v2/eventLogs"),
    ("GET", "/api/v2/importErrors"),
    ("GET", f"{DAG_RUN}/taskInstances/begin/logs/1"),
    ("GET", f"{DAG_RUN}/taskInstances/begin/xcomEntries"),
    ("POST", f"/api/v2/dags/{ledger.DAG}/dagRuns"),
    ("POST", f"/api/v2/dags/{ledger.DAG}/clearTaskInstances"),
    ("PATCH", f"/api/v2/dags/{ledger.DAG}"),
    ("PATCH", DAG_RUN),
    ("DELETE", DAG_RUN),
    ("POST", "/api/v2/backfills"),
]
BODIES: dict[str, Any] = {
    f"/api/v2/dags/{ledger.DAG}/dagRuns": {"dag_run_id": "marketer", "logical_date": None},
    f"/api/v2/dags/{ledger.DAG}/clearTaskInstances": {"dry_run": True},
    f"/api/v2/dags/{ledger.DAG}": {"is_paused": False},
    DAG_RUN: {"state": "success"},
    "/api/v2/backfills": {
        "dag_id": ledger.DAG, "from_date": "2026-11-01T00:00:00Z", "to_date": "2026-11-01T00:00:00Z",
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def tokens(airflow: Airflow) -> dict[str, str]:
    """A token for each log-in."""
    return {user: airflow.token(user) for user in ROLES}


@pytest.fixture(scope="module")
def routes(airflow: Airflow) -> list[tuple[str, str]]:
    """Path and method of every route of ours, as the application has them."""
    found = [(path, method) for path, methods in airflow.ask_python(ROUTES) for method in methods if path not in LOOKS]
    assert ("/run", "GET") in found  # else the loops below would prove nothing
    return [("/touchpoint" + path.replace("{path:path}", "anything/at/all"), method) for path, method in found]


def test_no_route_of_ours_answers_without_a_log_in(airflow: Airflow, routes: list[tuple[str, str]]) -> None:
    asked = {(method, f"{path}?{RUN}"): airflow.call(method, f"{path}?{RUN}")[0] for path, method in routes}
    assert {call: status for call, status in asked.items() if status != 401} == {}
    forged = {path: airflow.call(method, f"{path}?{RUN}", token="forged")[0] for path, method in routes}
    assert {path: status for path, status in forged.items() if status != 403} == {}


def test_what_pages_look_like_is_served_without_a_log_in_and_nothing_else(airflow: Airflow) -> None:
    for path in LOOKS:
        status, text = airflow.call("GET", f"/touchpoint{path}")
        assert (status, ledger.SHOP in text) == (200, False)


@pytest.mark.parametrize(
    ("query", "status", "told"),
    [
        (f"run?dag_id={ledger.DAG}&run_id=%00", 400, "no page of ours sends"),
        ("run?dag_id=%00&run_id=1", 400, "no page of ours sends"),
        (f"approval?dag_id={ledger.DAG}&run_id=a%00b", 400, "no page of ours sends"),
        ("segments?shop=sandbox&tag=%00", 400, "no page of ours sends"),
        ("a%00b", 400, "no page of ours sends"),
        (f"backfills?dag_id={ledger.DAG}&until=9999-12-31", 400, "is no day"),
        (f"backfills?dag_id={ledger.DAG}&since=0001-01-01", 400, "is no day"),
        (f"backfills?dag_id={ledger.DAG}&since=x", 400, "write a day from"),
        ("anything/at/all", 404, "There is nothing at this address"),
    ],
)
def test_an_address_no_page_sends_gets_a_page_that_says_so(
    airflow: Airflow, tokens: dict[str, str], query: str, status: int, told: str
) -> None:
    answered, page = airflow.call("GET", f"/touchpoint/{query}", token=tokens["engineer"])
    assert (answered, told in page) == (status, True)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nothing_of_ours_can_be_written_to(airflow: Airflow, tokens: dict[str, str], method: str) -> None:
    assert airflow.call(method, REPORT, {}, tokens["engineer"])[0] == 405


@pytest.mark.parametrize("path", ["/touchpoint/docs", "/touchpoint/redoc", "/touchpoint/openapi.json"])
def test_our_routes_are_not_listed_anywhere(airflow: Airflow, tokens: dict[str, str], path: str) -> None:
    assert airflow.call("GET", path, token=tokens["engineer"])[0] == 404


@pytest.mark.parametrize("user", ["engineer", "marketer", "ops"])
def test_every_role_of_ours_sees_the_same_report(airflow: Airflow, tokens: dict[str, str], user: str) -> None:
    status, page = airflow.call("GET", REPORT, token=tokens[user])
    assert (status, "青禾小铺: intraday run" in page) == (200, True)
    assert page == airflow.call("GET", REPORT, token=tokens["engineer"])[1]
    assert "青禾小铺" in airflow.call("GET", "/touchpoint/", token=tokens[user])[1]


def test_a_log_in_that_may_read_no_dag_sees_no_shop_and_no_report(airflow: Airflow, tokens: dict[str, str]) -> None:
    status, overview = airflow.call("GET", "/touchpoint/", token=tokens["outsider"])
    assert (status, "青禾小铺" in overview) == (200, False)
    assert "There is no shop here that your log-in may read." in overview
    status, page = airflow.call("GET", REPORT, token=tokens["outsider"])
    assert (status, "青禾小铺" in page) == (403, False)
    assert airflow.call("GET", "/touchpoint/run", token=tokens["outsider"])[0] == 403
    status, page = airflow.call("GET", "/touchpoint/segments", token=tokens["outsider"])
    assert (status, "There is no shop here that your log-in may read." in page) == (200, True)


@pytest.mark.parametrize("query", ["shop=sandbox", f"dag_id={ledger.DAG}", "shop=sandbox&dag_id=someone_elses"])
def test_segments_of_a_shop_are_for_those_who_may_read_one_of_its_dags(
    airflow: Airflow, tokens: dict[str, str], query: str
) -> None:
    path = f"/touchpoint/segments?{query}"
    assert airflow.call("GET", path, token=tokens["outsider"])[0] == 403
    if "someone_elses" not in query:
        assert "青禾小铺: segments" in airflow.call("GET", path, token=tokens["marketer"])[1]


def test_one_dag_cannot_be_named_to_the_guard_and_another_to_the_page(airflow: Airflow, tokens: dict[str, str]) -> None:
    both = f"/touchpoint/run?dag_id=someone_elses&{RUN}"
    assert airflow.call("GET", both, token=tokens["outsider"])[0] == 403
    other = airflow.call("GET", f"/touchpoint/run?{RUN}&dag_id=someone_elses", token=tokens["engineer"])
    assert "Touchpoint has no report for this run" in other[1]


def test_responses_carry_the_security_headers(airflow: Airflow, tokens: dict[str, str]) -> None:
    for path in ("/touchpoint/", REPORT, "/touchpoint/style.css", "/touchpoint/nothing"):
        headers = airflow.headers(path, tokens["marketer"])
        assert headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")
        assert "frame-ancestors 'self'" in headers["Content-Security-Policy"]
        assert (headers["X-Content-Type-Options"], headers["Cache-Control"]) == ("nosniff", "no-store")


@pytest.mark.parametrize(("method", "path"), NOT_FOR_MARKETERS)
def test_the_marketer_can_do_nothing_she_should_not(
    airflow: Airflow, tokens: dict[str, str], method: str, path: str
) -> None:
    assert airflow.call(method, path, BODIES.get(path) if method != "DELETE" else None, tokens["marketer"])[0] == 403


def test_the_marketer_reads_dags_and_their_runs(airflow: Airflow, tokens: dict[str, str]) -> None:
    for path in ("/api/v2/dags", f"/api/v2/dags/{ledger.DAG}", DAG_RUN, "/ui/config", "/api/v2/plugins"):
        assert airflow.call("GET", path, token=tokens["marketer"])[0] == 200, path


def test_no_route_of_airflow_but_its_public_ones_answers_without_a_log_in(
    airflow: Airflow, tokens: dict[str, str]
) -> None:
    status, listed = airflow.call("GET", "/openapi.json", token=tokens["engineer"])
    assert status == 200
    calls = [
        (method.upper(), re.sub(r"\{[^}]+\}", "1", path))
        for path, methods in listed["paths"].items()
        for method in methods
        if path.startswith("/api/v2/") and path not in PUBLIC
    ]
    assert len(calls) > 80
    answered = {call: airflow.call(*call, body={} if call[0] != "GET" else None)[0] for call in calls}
    assert {call: status for call, status in answered.items() if status not in (401, 403)} == {}
