"""Secrets planted in every column that not everybody may see."""

from __future__ import annotations

import pytest

from gisapp.catalogue.layer import PUBLIC, Field, Layer
from gisapp.installation import Installation


def is_secret(field: Field, layer: Layer) -> bool:
    """Whether a secret can be planted in a field."""
    return (
        field.see != PUBLIC
        and field.codes is None
        and field.name not in layer.key
        and field.type in ("text", "integer", "number")
    )


@pytest.fixture(scope="module")
def secrets(installation: Installation) -> dict[tuple[str, str], bytes]:
    """What is planted in each column that not everybody may see: (layer id, field) → the bytes to look for."""
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
    return planted
