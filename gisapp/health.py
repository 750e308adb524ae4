"""/healthz (the process lives), /readyz (it can answer: database, migrations, layers), /metrics."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response, current_app, jsonify

from gisapp import errors, roles
from gisapp.access.guard import installation, open_to_all
from gisapp.schema.newest import newest_migration
from gisapp.tiles.figures import figures

health = Blueprint("health", __name__)


@health.get("/healthz")
@open_to_all
def alive() -> Response:
    """This process answers."""
    return jsonify(status="ok")


@health.get("/readyz")
@open_to_all
def ready() -> Any:
    """Whether requests can be answered: 200, or 503 with what is missing."""
    checks = {"database": False, "migrations": False, "catalogue": bool(installation().catalogue.layers)}
    try:
        with installation().database.transaction(roles.APP) as connection:
            checks["database"] = True
            found = connection.scalar(sa.text("SELECT version_num FROM gisapp.migration"))
            checks["migrations"] = found == newest_migration()
    except errors.GisappError:
        pass
    ok = all(checks.values())
    return jsonify(status="ok" if ok else "not ready", **checks), 200 if ok else 503


@health.get("/metrics")
@open_to_all
def metrics() -> Response:
    """Figures in Prometheus' text form, of the process that answers: its connections and its tiles."""
    budget = installation().database.connections()
    lines = [
        "# TYPE gisapp_database_connections gauge",
        f'gisapp_database_connections{{state="open"}} {budget[0]}',
        f'gisapp_database_connections{{state="idle"}} {budget[1]}',
        "# TYPE gisapp_layers gauge",
        f"gisapp_layers {len(installation().catalogue.layers)}",
        *_of_tiles(),
    ]
    return Response("\n".join(lines) + "\n", mimetype="text/plain; version=0.0.4")


def _of_tiles() -> Iterator[str]:
    named = set()
    for name, labels, kind, value in figures(current_app):
        if name not in named:
            yield f"# TYPE {name} {kind}"
        named.add(name)
        yield f"{name}{labels} {value}"
