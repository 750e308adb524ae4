"""A layer as a table: what `gisapp.schema` makes in PostGIS, and what queries are composed from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import (
    TIMESTAMP,
    BigInteger,
    Boolean,
    Column,
    Computed,
    Date,
    Double,
    Identity,
    Index,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from gisapp.catalogue.layer import Field, Layer

WEB_SRID = 3857

COLUMN_TYPES: dict[str, Callable[[], Any]] = {
    "text": Text,
    "integer": BigInteger,
    "number": Double,
    "boolean": Boolean,
    "date": Date,
    "datetime": lambda: TIMESTAMP(timezone=True),
}


def layer_table(layer: Layer, srid: int, metadata: MetaData) -> Table:
    """The layer's table `<department>.<layer>`: id, its fields, geom (EPSG:`srid`), geom_web (EPSG:3857,
    generated), revision.

    The spatial indexes are named outright because GeoAlchemy2's own would be made a second time by Alembic.
    """
    return Table(
        layer.name,
        metadata,
        Column("id", BigInteger, Identity(), primary_key=True, comment="番号"),
        *(_column(field) for field in layer.fields),
        Column("geom", _geometry(layer, srid), nullable=False, comment=f"形状（EPSG:{srid}）"),
        Column(
            "geom_web",
            _geometry(layer, WEB_SRID),
            Computed(f"ST_Transform(geom, {WEB_SRID})", persisted=True),
            comment="タイル用の形状（EPSG:3857、自動計算）",
        ),
        Column("revision", BigInteger, server_default=text("0"), nullable=False, comment="更新の通し番号"),
        *_constraints(layer),
        schema=layer.department,
        comment=layer.title.ja,
    )


def _column(field: Field) -> Column[Any]:
    kind = COLUMN_TYPES[field.type]()
    return Column(field.name, kind, nullable=not field.required, comment=field.title.ja)


def _geometry(layer: Layer, srid: int) -> Geometry:
    return Geometry(layer.geometry.upper(), srid=srid, spatial_index=False)


def _constraints(layer: Layer) -> list[Index | UniqueConstraint]:
    spatial = [
        Index(f"{layer.name}_{column}_idx", column, postgresql_using="gist")
        for column in ("geom", "geom_web")
    ]
    return [*spatial, UniqueConstraint(*layer.key, name=f"{layer.name}_key")] if layer.key else [*spatial]
