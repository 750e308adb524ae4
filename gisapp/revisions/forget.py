"""History that is older than GISAPP_HISTORY_DAYS is removed; its revisions say that they can no longer be undone."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from gisapp.catalogue.history import history_table
from gisapp.catalogue.load import Catalogue


def forget_old_history(raw: psycopg.Connection[Any], catalogue: Catalogue, days: int) -> int:
    """Remove what revisions older than `days` kept; returns how many revisions. The caller commits."""
    forgotten = raw.execute(
        "UPDATE gisapp.revision SET kept = false WHERE kept AND at < now() - make_interval(days => %s) RETURNING layer, id",
        [days],
    ).fetchall()
    newest: dict[str, int] = {}
    for layer, number in forgotten:
        newest[layer] = max(number, newest.get(layer, 0))
    for layer_id, number in newest.items():
        if layer := catalogue.layers.get(layer_id):
            raw.execute(sql.SQL("DELETE FROM {} WHERE revision <= %s").format(history_table(layer)), [number])
    return len(forgotten)
