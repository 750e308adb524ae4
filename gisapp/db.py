"""Connections to the database: the only file that opens them.

Every audience (the set of departments a person speaks for) has its own login role, so the database itself refuses what
the audience may not see. All roles of one process share one budget of connections: an idle connection of one role is
closed when another role needs its place, so many audiences cost no more than the budget.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import namedtuple_row
from sqlalchemy import URL, Connection, Engine, MetaData, create_engine, make_url
from sqlalchemy.exc import InterfaceError, OperationalError, ProgrammingError

from gisapp import errors, keys, priority, roles
from gisapp.budget import Budget, BudgetPool

LOCK_FOR_SYNC = 0x6715A992
"""The advisory lock of whoever changes tables, views or their rights."""
ONE_PLAN = " -c plan_cache_mode=force_generic_plan"
PLATFORM = MetaData(schema="gisapp")
"""The platform's own tables register here; `migrations/` brings the database to them."""


@dataclass(frozen=True)
class Address:
    """Where a database is, without any credentials. `host` is a name or the folder of a unix socket."""

    host: str
    port: int
    database: str
    query: tuple[tuple[str, str], ...] = ()

    def url(self, user: str, password: str) -> URL:
        """The SQLAlchemy URL for one role."""
        return URL.create(
            "postgresql+psycopg", user, password, None, None, self.database,
            {**dict(self.query), "host": self.host, "port": str(self.port)},
        )  # fmt: skip

    def save(self, path: Path) -> None:
        """Keep it where the web process reads it, which is never told the owner's password."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps([self.host, self.port, self.database, list(self.query)]))

    @staticmethod
    def read(path: Path) -> Address:
        """Raises errors.NotMigrated when no database was prepared for this city yet."""
        try:
            host, port, database, query = json.loads(path.read_text())
        except FileNotFoundError as error:
            raise errors.NotMigrated() from error
        return Address(host, port, database, tuple((k, v) for k, v in query))


def address_of(url: str) -> tuple[Address, str, str]:
    """Split a postgresql:// URL into its address, user and password. Raises errors.SettingInvalid."""
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() != "postgresql" or not parsed.database or not parsed.username:
            raise ValueError(url)
    except Exception as error:
        form = "postgresql://user:password@host/database"
        why = {"why_ja": f"{form} の形です", "why_en": f"it has the form {form}"}
        raise errors.SettingInvalid(name="GISAPP_DATABASE_URL", value="…", **why) from error
    query = {k: v if isinstance(v, str) else v[0] for k, v in parsed.query.items()}
    host = parsed.host or query.pop("host", "localhost")
    port = int(query.pop("port", parsed.port or 5432))
    address = Address(host, port, parsed.database, tuple(sorted(query.items())))
    return address, parsed.username, parsed.password or ""


class Database:
    """One city's database, seen by one process.

    `owner` (user, password) is given in the shell and the worker only; the web process has none and cannot reach it.
    """

    def __init__(
        self,
        address: Address,
        web_secret: bytes,
        *,
        owner: tuple[str, str] | None = None,
        limit: int = 16,
        statement_timeout_ms: int = 0,
    ) -> None:
        self.address = address
        self._secret = web_secret
        self._owner = owner
        self._budget = Budget(limit)
        self._timeout = statement_timeout_ms
        self._kept: dict[str, psycopg.Connection[Any]] = {}
        self._engines: dict[tuple[str, str], Engine] = {}
        self._lock = threading.Lock()

    def role(self, name: str) -> str:
        """The cluster-wide name of one of this database's roles."""
        return roles.full_name(self.address.database, name)

    def password(self, name: str) -> str:
        """The password of login role `name` (`app`, `aud_…`, `publisher_…`)."""
        return keys.derive(self._secret, "role", self.address.database, name)

    def url(self, name: str) -> URL:
        """The URL of role `name`; `owner` only where this process was given it."""
        if name == "owner":
            if self._owner is None:
                raise PermissionError("this process does not hold the owner's password")
            return self.address.url(*self._owner)
        return self.address.url(self.role(name), self.password(name))

    def engine(self, name: str, more: str = "") -> Engine:
        """The engine of one role (and of connections opened with `more` options), made at its first use."""
        with self._lock:
            if (name, more) not in self._engines:
                url = self.url(name)
                pool = BudgetPool(lambda: self._connect(url, name, more))  # type: ignore[arg-type]
                pool.budget = self._budget
                # what a failing statement was asked with may be personal, and failures are logged
                self._engines[name, more] = create_engine(url, pool=pool, hide_parameters=True)
            return self._engines[name, more]

    def _connect(self, url: URL, name: str, more: str = "") -> psycopg.Connection[Any]:
        words = url.translate_connect_args(username="user", database="dbname")
        options = self._options(name) + more
        raw: psycopg.Connection[Any]
        raw = psycopg.connect(**words, **url.query, options=options, connect_timeout=5)  # type: ignore[arg-type]
        _give_way_with_us(raw)
        if more == ONE_PLAN:
            raw.prepare_threshold = 0  # the plan is worth keeping from the first time on
        return raw

    def _options(self, name: str) -> str:
        timeout = 0 if name == "owner" else self._timeout
        return f"-c jit=off -c max_parallel_workers_per_gather=0 -c statement_timeout={timeout} -c search_path=public"

    @contextmanager
    def transaction(self, name: str) -> Iterator[Connection]:
        """One transaction as role `name`, committed at the end.

        Raises errors.DatabaseAway, errors.TooSlow (time limit), errors.Busy (no connection free in time).
        """
        with _sorted_failures(), self.engine(name).begin() as connection:
            yield connection

    @contextmanager
    def reading(self, name: str) -> Iterator[Connection]:
        """A connection as role `name` where each statement stands alone: one round trip instead of three."""
        with _sorted_failures(), self.engine(name).connect() as connection:
            yield connection.execution_options(isolation_level="AUTOCOMMIT")

    def rows_by_one_plan(self, name: str, statement: str, values: Sequence[float]) -> list[Any]:
        """The rows of a statement with the placeholders $1, $2 …, prepared and planned once a connection, whatever its values.

        For long statements whose best plan never changes: a union over all layers takes longer to plan than to run, and
        to look for placeholders in its 25 kB takes longer than to ask it. Raises DatabaseAway, TooSlow, Busy.
        """
        with _sorted_failures(), self.engine(name, ONE_PLAN).connect() as connection:
            raw = connection.execution_options(isolation_level="AUTOCOMMIT").connection.dbapi_connection
            assert isinstance(raw, psycopg.Connection)
            return psycopg.RawCursor(raw, row_factory=namedtuple_row).execute(statement, values).fetchall()

    @contextmanager
    def snapshot(self, name: str, shared: str = "") -> Iterator[Connection]:
        """A read-only transaction as role `name` whose statements all see one moment; that of an exported snapshot if named."""
        with _sorted_failures(), self.engine(name).connect() as connection:
            connection = connection.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            with connection.begin():
                if shared:
                    raw = connection.connection.dbapi_connection
                    assert isinstance(raw, psycopg.Connection)
                    raw.execute(sql.SQL("SET TRANSACTION SNAPSHOT {}").format(sql.Literal(shared)))
                yield connection

    def standing(self, name: str) -> psycopg.Connection[Any]:
        """A connection as role `name` that its caller keeps and closes, beside the budget: one a process, to follow changes.

        Each statement stands alone. Raises psycopg.Error.
        """
        raw = self._connect(self.url(name), name)
        raw.autocommit = True
        return raw

    def kept(self, name: str) -> psycopg.Connection[Any]:
        """As `standing`, kept for all who call, one at a time (they see to that), and opened anew when lost. Raises errors.DatabaseAway."""
        raw = self._kept.get(name)
        if raw is None or raw.closed:
            with _sorted_failures():
                raw = self._kept[name] = self.standing(name)
        return raw

    def connections(self) -> tuple[int, int]:
        """How many connections this process holds: open, and of those idle."""
        return self._budget.open + len(self._kept), len(self._budget.idle)

    def close(self) -> None:
        """Close every idle connection."""
        self._budget.close_idle()
        while self._kept:
            self._kept.popitem()[1].close()


class _BinaryCursor(psycopg.Cursor[Any]):
    def __init__(self, *words: Any, **named: Any) -> None:
        super().__init__(*words, **named)
        self.format = psycopg.pq.Format.BINARY


@contextmanager
def in_binary(connection: Connection) -> Iterator[None]:
    """What is read meanwhile comes as PostgreSQL has it: bytes are not written in hexadecimal and read again."""
    raw = connection.connection.dbapi_connection
    assert isinstance(raw, psycopg.Connection)
    before, raw.cursor_factory = raw.cursor_factory, _BinaryCursor
    try:
        yield
    finally:
        raw.cursor_factory = before


@contextmanager
def _sorted_failures() -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        if isinstance(error.orig, psycopg.errors.QueryCanceled):
            raise errors.TooSlow() from error
        raise errors.DatabaseAway() from error
    except ProgrammingError as error:
        if isinstance(error.orig, psycopg.errors.UndefinedTable | psycopg.errors.UndefinedColumn):
            raise errors.NotMigrated() from error  # the layer folders are ahead of the database
        raise
    except psycopg.errors.QueryCanceled as error:  # asked without SQLAlchemy
        raise errors.TooSlow() from error
    except psycopg.OperationalError as error:  # the same, or while connecting, before SQLAlchemy wraps it
        raise errors.DatabaseAway() from error
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn) as error:
        raise errors.NotMigrated() from error


def connect_alone(url: str, statement_timeout_ms: int) -> psycopg.Connection[Any]:
    """A read-only connection of one moment, for a process that was told one role's URL and nothing else. Raises psycopg.Error."""
    parsed = make_url(url)
    words = parsed.translate_connect_args(username="user", database="dbname")
    options = f"-c jit=off -c statement_timeout={statement_timeout_ms} -c search_path=public"
    raw = psycopg.connect(**words, **parsed.query, options=options, connect_timeout=5)  # type: ignore[arg-type]
    raw.read_only, raw.isolation_level = True, psycopg.IsolationLevel.REPEATABLE_READ
    _give_way_with_us(raw)
    return raw


def _give_way_with_us(raw: psycopg.Connection[Any]) -> None:
    if raw.info.host.startswith("/"):  # a socket: the backend is on this machine
        priority.lower_like_ours(raw.info.backend_pid)
