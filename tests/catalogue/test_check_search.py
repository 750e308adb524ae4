"""`[search]` in layer.toml: its fields are there, open to all who see the layer, and those that its kind needs."""

from __future__ import annotations

import pytest

from gisapp.catalogue.check_search import check_search, search_table

LAYER = {
    "see": "staff",
    "fields": {
        "town": {"type": "text"},
        "lot": {"type": "text"},
        "owner": {"type": "text", "see": ["tax"]},
        "level": {"type": "integer"},
    },
}


def said(**search: object) -> list[str]:
    layer = {**LAYER, "search": search}
    return [sentence.en for _, sentence in (*search_table("search", search), *check_search(layer))]


def test_a_right_declaration_is_let_through() -> None:
    assert said(kind="parcel", town="town", numbers=["lot"], level="level") == []
    assert said(kind="facility", names=["town"], words=["トイレ"]) == []


@pytest.mark.parametrize(
    ("search", "sentence"),
    [
        ({"kind": "facility", "names": ["nothing"]}, "no field"),
        ({"kind": "facility", "names": ["town"], "detail": "owner"}, "not visible to everybody"),
        ({"kind": "facility", "names": ["level"]}, "not of the type"),
        ({"kind": "parcel", "names": ["town"]}, "needs `town` and `numbers`"),
        ({"kind": "street"}, "needs `names`"),
        ({"kind": "dragon", "names": ["town"]}, "none of"),
        ({"names": ["town"]}, ""),
        ({"kind": "street", "names": ["town"], "colour": "red"}, ""),
    ],
)
def test_a_wrong_one_is_refused(search: dict[str, object], sentence: str) -> None:
    found = said(**search)
    assert found and any(sentence in one for one in found), found
