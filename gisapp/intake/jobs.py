"""Background jobs of the intake: how one is put into the queue."""

from __future__ import annotations

import uuid

from sqlalchemy import Connection

from gisapp import jobs

QUEUE = "intake"
PROCESS = "intake.process"


def defer(connection: Connection, upload_id: uuid.UUID, layer: str) -> None:
    """Have the worker process an upload once this transaction is committed; files of one layer go one after the other."""
    jobs.put(connection, QUEUE, PROCESS, f"layer {layer or upload_id}", {"upload": str(upload_id)})
