"""Secrets planted in every column that not everybody may see, and in the name of a row that is closed to others."""

from __future__ import annotations

import pytest

from gisapp.catalogue.layer import PUBLIC, Field, Layer, view_for
from gisapp.installation import Installation


def is_secret(field: Field, layer: Layer) -> bool:
    """Whether a secret can be planted in a field."""
    return (
        field.see != PUBLIC
        and field.codes is None
        and field.name not in layer.key
        and field.type in ("text", "integer", "number")
    )


DRAFT = "draft"
"""What stands in the place of a field for the name of a draft: see `secrets`."""


def may_see(layer: Layer, what: str, departments: frozenset[str]) -> bool:
    """Whether somebody of these departments may see a secret: that of a field, or of the layer's drafts."""
    view = view_for(layer, departments)
    return view is not None and (view.whole if what == DRAFT else what in view.columns)


@pytest.fixture(scope="module")
def secrets(installation: Installation) -> dict[tuple[str, str], bytes]:
    """What is planted in each column that not everybody may see, and where everybody sees the column in a closed row of
    each layer that has such: (layer id, field or DRAFT) → the bytes to look for."""
    planted: dict[tuple[str, str], bytes] = {}
    with installation.database.transaction("owner") as connection:
        for layer in installation.catalogue.layers.values():
            for field in filter(lambda one: is_secret(one, layer), layer.fields):
                number = len(planted)
                value: str | int = f"秘ZQ{number:03d}X" if field.type == "text" else 918_273_000 + number
                question = f'UPDATE {layer.department}.{layer.name} SET "{field.name}" = %s'
                assert connection.exec_driver_sql(question, (value,)).rowcount > 0, layer.id
                planted[layer.id, field.name] = (
                    f"ZQ{number:03d}X" if field.type == "text" else str(value)
                ).encode()
            if layer.rows:
                (named, *_), number = layer.label_fields(), len(planted)
                question = f'UPDATE {layer.id} SET "{named}" = %s WHERE {draft_of(layer)}'
                assert connection.exec_driver_sql(question, (f"秘ZQ{number:03d}X",)).rowcount > 0, layer.id
                planted[layer.id, DRAFT] = f"ZQ{number:03d}X".encode()
    return planted


def draft_of(layer: Layer) -> str:
    """Which row is the draft that holds the secret, as SQL; any row where the layer has no drafts."""
    if not layer.rows:
        return "true"
    opened = ", ".join(map(repr, layer.rows.open))
    closed = f"{layer.rows.column} IS NULL OR {layer.rows.column} NOT IN ({opened})"
    return f"id = (SELECT min(id) FROM {layer.id} WHERE {closed})"
