"""The only module that knows the driver: transactions, statements by name, COPY, advisory locks.

SQLAlchemy keeps the engine, its pool and the transactions; the statements are run as they stand in include/sql.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

import psycopg2
import psycopg2.extras
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import CursorResult, ExceptionContext
from sqlalchemy.exc import SQLAlchemyError

from touchpoint import statements
from touchpoint.errors import StatementError, TouchpointError

psycopg2.extras.register_uuid()  # type: ignore[no-untyped-call]

Row = dict[str, Any]
_PORT = 5432


def Json(value: object) -> Any:  # noqa: N802 - the driver's own name for it
    """A value to be stored as jsonb."""
    return psycopg2.extras.Json(value)


_NOT_MIGRATED = ("42P01", "3F000", "42703", "42883")  # no such table, schema, column, function


def trouble(error: SQLAlchemyError | psycopg2.Error, *, place: str = "") -> TouchpointError:
    """A database error as one of ours: what to do, without the driver's text, which may quote the values of a row."""
    reason = getattr(error, "orig", error)
    state = getattr(reason, "pgcode", None)
    if state in _NOT_MIGRATED:
        return TouchpointError(
            "the database has not been migrated to this version", place=place, remedy="run the migrations (`make run`)"
        )
    if state is None and isinstance(reason, psycopg2.OperationalError):
        # Speaks of the connection alone: host, port, user, database.
        told = str(reason).strip().splitlines()[0] if str(reason).strip() else "no answer"
        return TouchpointError(
            f"the database does not answer: {told}",
            place=place,
            remedy="start it (`make run`), or correct the variable",
        )
    return TouchpointError(
        f"the database refused a statement ({type(reason or error).__name__}, SQLSTATE {state or 'unknown'})",
        place=place,
        remedy="nothing of it was kept; the server's log names the statement",
    )


@contextmanager
def naming_place(place: str) -> Iterator[None]:
    """A block whose database errors say where they happened.

    Raises:
        TouchpointError: as `trouble` makes it.
    """
    try:
        yield
    except (SQLAlchemyError, psycopg2.Error) as error:
        raise trouble(error, place=place) from error


@dataclass(frozen=True)
class Refusal:
    """What the database would not take: SQLSTATE, and the column or constraint where it names one."""

    state: str
    column: str | None
    constraint: str | None


_OF_DATA = ("21", "22", "23", "54")  # cardinality, data, integrity, what exceeds a limit of the program


def refusal_of(error: BaseException) -> Refusal | None:
    """The refusal, if an error is about the content of rows; None for a lost connection, a deadlock, no table."""
    reason = getattr(error, "orig", error)
    state = getattr(reason, "pgcode", None)
    if not isinstance(reason, psycopg2.Error) or not state or not state.startswith(_OF_DATA):
        return None
    return Refusal(state, reason.diag.column_name, reason.diag.constraint_name)


class Database:
    """One Touchpoint database, by SQLAlchemy URL (postgresql+psycopg2://…)."""

    def __init__(self, url: str, *, application: str = "touchpoint") -> None:
        self.url = url
        self.engine: Engine = create_engine(
            url,
            pool_pre_ping=True,
            pool_size=2,
            max_overflow=4,
            hide_parameters=True,  # an error's text goes to logs, and values may be addresses
            connect_args={"application_name": application},
        )
        event.listen(self.engine, "handle_error", _tell_no_values)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """A transaction: committed at the end of the block, rolled back on any error."""
        with self.engine.begin() as connection:
            yield Transaction(connection)

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


class Transaction:
    """An open transaction. Statements are named by their path below include/sql."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    @property
    def server(self) -> dict[str, Any]:
        """Host and port of the server as they are configured, whatever they resolve to; a socket by its folder."""
        url = self.connection.engine.url
        host = url.query.get("host") or url.host or "localhost"
        return {"host": host if isinstance(host, str) else ",".join(host), "port": url.port or _PORT}

    @contextmanager
    def undone(self) -> Iterator[None]:
        """A block whose writes, tables and settings are undone at its end."""
        nested = self.connection.begin_nested()
        try:
            yield
        finally:
            nested.rollback()

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A block whose writes are kept at its end, and undone alone on any error; the transaction goes on."""
        with self.connection.begin_nested():
            yield

    def many(self, name: str, **params: object) -> list[Row]:
        """All rows of a statement that returns many."""
        return [dict(row) for row in self._run(name, params, "many").mappings()]

    def tuples(self, name: str, **params: object) -> list[tuple[Any, ...]]:
        """The same without names, for sets of hundreds of thousands."""
        return [tuple(row) for row in self._run(name, params, "many").all()]

    def one(self, name: str, **params: object) -> Row:
        """The one row of a statement that returns one."""
        return dict(self._run(name, params, "one").mappings().one())

    def maybe(self, name: str, **params: object) -> Row | None:
        """The row of a statement that returns one or none."""
        row = self._run(name, params, "maybe").mappings().one_or_none()
        return dict(row) if row is not None else None

    def count(self, name: str, **params: object) -> int:
        """How many rows a statement wrote."""
        return self._run(name, params, "count").rowcount

    def do(self, name: str, **params: object) -> None:
        """Run a statement whose outcome is of no interest (DDL, locks, settings)."""
        self._run(name, params, "nothing")

    def copy_in(self, relation: str, columns: Iterable[str], data: IO[bytes]) -> int:
        """COPY a CSV stream (UTF-8, unquoted empty = NULL) into a relation; returns the rows copied."""
        text, _ = statements.load("load/copy_in").bind({"relation": relation, "columns": list(columns)})
        with self._cursor() as cursor:
            try:
                cursor.copy_expert(text, data, size=1 << 17)
            except psycopg2.Error as error:
                _without_values(error)
                raise
            return int(cursor.rowcount)

    def literal(self, name: str, **params: object) -> str:
        """A statement that returns many as text, its values put in as literals: for tools that take text alone."""
        text, values = statements.load(name).bind(dict(params))
        with self._cursor() as cursor:
            bound: bytes = cursor.mogrify(statements.without_header(text), values)
            return bound.decode()

    def _cursor(self) -> Any:
        # The driver's own cursor: SQLAlchemy's types do not know COPY.
        return self.connection.connection.cursor()

    def _run(self, name: str, params: Mapping[str, object], returns: str) -> CursorResult[Any]:
        statement = statements.load(name)
        declared = statement.header["returns"].split()[0]
        if declared != returns:
            raise StatementError(
                f"declares returns {declared}, called for {returns}",
                place=f"include/sql/{name}.sql",
                remedy="call the method of the same name",
            )
        text, values = statement.bind(dict(params))
        return self.connection.exec_driver_sql(text, values or None)


def _tell_no_values(context: ExceptionContext) -> None:
    original, wrapped = context.original_exception, context.sqlalchemy_exception
    if isinstance(original, psycopg2.Error) and _without_values(original) and wrapped is not None:
        wrapped.args = (f"({type(original).__name__}) {original}",)


def _without_values(error: psycopg2.Error) -> bool:
    """Leave of a server's error what it is about, not the row: DETAIL and CONTEXT quote it, and errors end in logs."""
    message = error.diag.message_primary
    if message:
        error.args = (f"{message} [{error.pgcode}]",)
    return bool(message)
