"""Background jobs of the intake, kept by Procrastinate in the schema `jobs`: how one is put into the queue."""

from __future__ import annotations

import uuid

import psycopg
from procrastinate.jobs import Job
from procrastinate.manager import JobManager
from procrastinate.sync_psycopg_connector import SyncPsycopgConnector
from sqlalchemy import Connection

QUEUE = "intake"
PROCESS = "intake.process"


def defer(connection: Connection, upload_id: uuid.UUID, layer: str) -> None:
    """Have the worker process an upload once this transaction is committed; files of one layer go one after the other."""
    raw = connection.connection.dbapi_connection
    assert isinstance(raw, psycopg.Connection)
    job = Job(
        id=None,
        queue=QUEUE,
        lock=f"layer {layer}",
        queueing_lock=None,
        task_name=PROCESS,
        task_kwargs={"upload": str(upload_id)},
    )
    raw.execute("SET LOCAL search_path = jobs, public")  # Procrastinate's SQL names no schema
    JobManager(SyncPsycopgConnector()).defer_job(job, connection=raw)
    raw.execute("SET LOCAL search_path = public")
