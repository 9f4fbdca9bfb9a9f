"""Great Expectations over landed batches, inside PostgreSQL: one pass finds failing lines, the suite asks about them.

The library is imported when something is judged, never before: it takes seconds.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import make_url

from touchpoint.db import Database, Transaction
from touchpoint.errors import TouchpointError
from touchpoint.quality.suites import Batch, Expectation, Finding, Thresholds, expectations, failing_params

_GX_SEVERITY = {"critical": "critical", "warning": "warning", "row": "info"}


def run_suites(url: str, batches: Sequence[Batch], thresholds: Thresholds, real_now: datetime) -> list[Finding]:
    """Judge each batch by its suite; every expectation gives one finding.

    Raises:
        TouchpointError: an expectation could not be evaluated at all.
    """
    if not batches:
        return []
    database = Database(url, application="touchpoint gate")
    try:
        with database.transaction() as tx, _great_expectations() as gx:
            source = _source(gx, url)
            try:
                found: list[Finding] = []
                for batch in batches:
                    suite = list(expectations(batch, thresholds, real_now))
                    try:
                        found += _judged(gx, source, tx, batch, suite)
                    except TouchpointError:
                        raise
                    except Exception as error:  # of the library or the driver: whose batch it was, they do not say
                        raise _unjudged(batch, "a row rule") from error
                return found
            finally:
                # The library keeps its connections until it is collected, which may be never in a long-lived process.
                source[1].get_execution_engine().close()
                source[1].get_engine().dispose()
    finally:
        database.close()


@contextmanager
def _great_expectations() -> Iterator[Any]:
    # Before the import: the library logs while it is imported, and would report its use over the network.
    logging.getLogger("great_expectations").setLevel(logging.CRITICAL)
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library's own, with every version another
        import great_expectations

        yield great_expectations


def _source(gx: Any, url: str) -> Any:
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    return context, context.data_sources.add_postgres(
        "touchpoint", connection_string=gx_url(url), create_temp_table=True
    )


def gx_url(url: str) -> str:
    """The URL as the library takes it: with a host and a password even where a socket and trust need neither."""
    given = make_url(url)
    given = given.set(host=given.host or "localhost", password=given.password or "none")
    return given.render_as_string(hide_password=False)


def _judged(gx: Any, source: Any, tx: Transaction, batch: Batch, suite: list[Expectation]) -> Iterator[Finding]:
    context, data = source
    name = f"batch {batch.batch_id}"
    asset = data.add_query_asset(name, query=tx.literal("checks/failing", **failing_params(batch)))
    asked = [
        gx.expectations.UnexpectedRowsExpectation(
            unexpected_rows_query=tx.literal(expectation.statement, **expectation.params),
            severity=_GX_SEVERITY[expectation.severity],
            meta={"at": at},
        )
        for at, expectation in enumerate(suite)
    ]
    definition = gx.ValidationDefinition(
        name=name,
        data=asset.add_batch_definition("whole"),
        suite=context.suites.add(gx.ExpectationSuite(name=name, expectations=asked)),
    )
    results = context.validation_definitions.add(definition).run(result_format="BASIC").results
    if len(results) != len(suite):
        raise _unjudged(batch, "its suite")
    for result in results:
        expectation = suite[result.expectation_config.meta["at"]]
        if (result.exception_info or {}).get("raised_exception", True):
            raise _unjudged(batch, expectation.rule)
        yield _finding(batch, expectation, bool(result.success), int(result.result["observed_value"]))


def _finding(batch: Batch, expectation: Expectation, success: bool, failing: int) -> Finding:
    # What a person has released is told of, and no longer stops anything.
    is_settled = batch.verdict == "released" and expectation.severity == "critical"
    severity = "warning" if is_settled else expectation.severity
    return Finding(batch.batch_id, str(batch.entity), expectation.rule, severity, success, failing)


def _unjudged(batch: Batch, rule: str) -> TouchpointError:
    return TouchpointError(
        f"{rule} could not be judged",
        place=f"batch {batch.batch_id} ({batch.entity})",
        remedy="the batch stays pending; run the statement by hand to see why",
    )
