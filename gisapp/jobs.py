"""How a job is put into the queue that Procrastinate keeps in the schema `jobs`, in the caller's own transaction."""

from __future__ import annotations

from typing import Any

import psycopg
from procrastinate.jobs import Job
from procrastinate.manager import JobManager
from procrastinate.sync_psycopg_connector import SyncPsycopgConnector
from sqlalchemy import Connection


def put(connection: Connection, queue: str, task: str, lock: str, arguments: dict[str, Any]) -> None:
    """Have the worker do `task` once this transaction is committed; jobs of one `lock` go one after the other."""
    raw = connection.connection.dbapi_connection
    assert isinstance(raw, psycopg.Connection)
    job = Job(id=None, queue=queue, lock=lock, queueing_lock=None, task_name=task, task_kwargs=arguments)
    raw.execute("SET LOCAL search_path = jobs, public")  # Procrastinate's SQL names no schema
    JobManager(SyncPsycopgConnector()).defer_job(job, connection=raw)
    raw.execute("SET LOCAL search_path = public")
