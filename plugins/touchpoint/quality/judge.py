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
from uuid import uuid4

from sqlalchemy import make_url

from touchpoint.column_rules import RULES
from touchpoint.db import Database, Transaction
from touchpoint.errors import ConfigError, TouchpointError
from touchpoint.model import Entity
from touchpoint.quality.shop_expectations import ShopExpectation, built, trouble
from touchpoint.quality.suites import Batch, Expectation, Finding, Thresholds, expectations, failing_params

NO_BATCH = 0
"""No batch has this number."""
_GX_SEVERITY = {"critical": "critical", "warning": "warning", "row": "info"}


def run_suites(
    url: str, shop_id: str, batches: Sequence[Batch], thresholds: Thresholds, real_now: datetime
) -> list[Finding]:
    """Judge each batch by its suite, and by what the shop expects itself; every expectation gives one finding.

    Raises:
        ConfigError: an expectation of config/quality.yaml cannot be evaluated.
        TouchpointError: another one could not be evaluated at all.
    """
    if not batches:
        return []
    own = [each for each in thresholds.expectations if each.holds_for(shop_id)]
    database = Database(url, application="touchpoint gate")
    try:
        with database.transaction() as tx, _great_expectations() as gx:
            source = _source(gx, url)
            try:
                _try_out(gx, source, tx, thresholds.expectations)
                found: list[Finding] = []
                for batch in batches:
                    suite = list(expectations(batch, thresholds, real_now))
                    try:
                        found += _judged(gx, source, tx, batch, suite)
                    except TouchpointError:
                        raise
                    except Exception as error:  # of the library or the driver: whose batch it was, they do not say
                        raise _unjudged(batch, "a row rule") from error
                    asked = [each for each in own if each.entity == batch.entity]
                    results = _asked(gx, source, tx, batch.entity, batch.batch_id, asked)
                    found += [_own_finding(batch, each, result) for each, result in zip(asked, results, strict=True)]
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


def try_out(url: str, expected: Sequence[ShopExpectation]) -> None:
    """Ask a shop's own expectations of batches without a line: whether they can be evaluated at all.

    Raises:
        ConfigError: one cannot; naming it, and what the library or the database says.
    """
    if not expected:
        return
    database = Database(url, application="touchpoint gate")
    try:
        with database.transaction() as tx, _great_expectations() as gx:
            source = _source(gx, url)
            try:
                _try_out(gx, source, tx, expected)
            finally:
                source[1].get_execution_engine().close()
                source[1].get_engine().dispose()
    finally:
        database.close()


def _try_out(gx: Any, source: Any, tx: Transaction, expected: Sequence[ShopExpectation]) -> None:
    for number, each in enumerate(expected):
        place = f"config/quality.yaml: expectations.{number}"
        (result,) = _asked(gx, source, tx, each.entity, NO_BATCH, [each], place)
        said = trouble(result)
        if said is not None:
            remedy = f"landed columns are text, so ask of text (a set, a pattern, a length): {said}"
            raise ConfigError(f"{each.rule} cannot be evaluated", place=place, remedy=remedy)


def _asked(
    gx: Any,
    source: Any,
    tx: Transaction,
    entity: Entity,
    batch_id: int,
    expected: Sequence[ShopExpectation],
    place: str = "config/quality.yaml: expectations",
) -> list[Any]:
    """The library's results about a batch as it landed, in the order of the expectations."""
    if not expected:
        return []
    context, data = source
    name = f"own {batch_id} {place} {uuid4().hex}"
    landed = {"batch_id": batch_id, "relation": f"landing.{entity.value}", "landed": list(RULES[entity])}
    asset = data.add_query_asset(name, query=tx.literal("checks/landed_lines", **landed))
    asked = [built(gx, each, place, {"at": at}) for at, each in enumerate(expected)]
    definition = gx.ValidationDefinition(
        name=name,
        data=asset.add_batch_definition("whole"),
        suite=context.suites.add(gx.ExpectationSuite(name=name, expectations=asked)),
    )
    results = context.validation_definitions.add(definition).run(result_format="BASIC").results
    return sorted(results, key=lambda result: int(result.expectation_config.meta["at"]))


def _own_finding(batch: Batch, each: ShopExpectation, result: Any) -> Finding:
    if trouble(result) is not None:
        raise _unjudged(batch, each.rule)
    failing = 0 if result.success else max(1, int(result.result.get("unexpected_count") or 1))
    return _finding(batch, Expectation(each.rule, each.severity, "", {}), bool(result.success), failing)


def _unjudged(batch: Batch, rule: str) -> TouchpointError:
    return TouchpointError(
        f"{rule} could not be judged",
        place=f"batch {batch.batch_id} ({batch.entity})",
        remedy="the batch stays pending; run the statement by hand to see why",
    )
