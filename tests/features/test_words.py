"""Values as people read them."""

from __future__ import annotations

from typing import Any

import pytest

from gisapp.catalogue.layer import PUBLIC, CodeList, Field, Layer, Text
from gisapp.catalogue.load import load_catalogue
from gisapp.features.words import text_of
from gisapp.settings import load_city


@pytest.fixture(scope="module")
def street() -> Layer:
    return load_catalogue(load_city("sample")).layer("roads.street")


@pytest.mark.parametrize(
    ("kind", "unit", "value", "ja", "en"),
    [
        ("text", "", "本町", "本町", "本町"),
        ("text", "", None, "", ""),
        ("integer", "円", 12345678, "12,345,678", "12,345,678"),
        ("integer", "", 2026, "2026", "2026"),
        ("number", "m", 6.5, "6.5", "6.5"),
        ("number", "m²", 1234567.25, "1,234,567.25", "1,234,567.25"),
        ("boolean", "", True, "はい", "Yes"),
        ("boolean", "", False, "いいえ", "No"),
        ("date", "", "2026-04-01", "2026年4月1日", "2026-04-01"),
        ("datetime", "", "2026-03-31T15:30:00+00:00", "2026年4月1日 00:30", "2026-04-01 00:30"),
        ("date", "", "infinity", "infinity", "infinity"),
    ],
)
def test_a_value_in_words(street: Layer, kind: str, unit: str, value: Any, ja: str, en: str) -> None:
    field = Field("x", kind, Text("題", "title"), PUBLIC, unit=unit)
    layer = Layer(**{**street.__dict__, "fields": (field,)})
    assert text_of(layer, field, value, "ja") == ja
    assert text_of(layer, field, value, "en") == en


def test_a_code_is_shown_by_its_title_and_an_unknown_code_as_it_is(street: Layer) -> None:
    surface = street.field("surface")
    assert text_of(street, surface, 1, "ja") == "アスファルト"
    assert text_of(street, surface, 1, "en") == "Asphalt"
    assert text_of(street, surface, 99, "ja") == "99"


def test_a_code_list_of_texts_works_as_one_of_numbers(street: Layer) -> None:
    codes = CodeList("c", {"0": Text("なし", "None")})
    field = Field("x", "text", Text("題", "title"), PUBLIC, codes="c")
    layer = Layer(**{**street.__dict__, "fields": (field,), "codes": {"c": codes}})
    assert text_of(layer, field, "0", "ja") == text_of(layer, field, 0, "ja") == "なし"
