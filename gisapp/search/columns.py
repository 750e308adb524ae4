"""Which column of a table holds addresses, by its heading."""

from __future__ import annotations

from collections.abc import Sequence

from gisapp.text.matching import match_key

ADDRESS = tuple(
    map(
        match_key,
        (
            "住所",
            "所在地",
            "所在地_連結表記",
            "所在",
            "設置場所",
            "住所地",
            "address",
            "所在地番",
            "町字番地",
            "地番",
        ),
    )
)


def address_column(names: Sequence[str]) -> str | None:
    """The column that is headed as columns of addresses are, the likeliest heading first; None: there is none."""
    keys = list(map(match_key, names))
    place = next((keys.index(key) for key in ADDRESS if key in keys), None)
    return None if place is None else names[place]
