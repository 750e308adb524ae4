"""A small checkout of its own for each test: departments, one good layer folder, and means to break it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from layer_texts import CITY_TOML, DEPARTMENTS, GOOD_LAYER, GOOD_STYLE

from gisapp.catalogue.check import check
from gisapp.catalogue.layer import Layer
from gisapp.catalogue.load import load_catalogue
from gisapp.settings import City, load_city


class Checkout:
    """A folder with layers/ and cities/ in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.write("layers/departments.toml", DEPARTMENTS)
        self.write("cities/sample/city.toml", CITY_TOML)
        self.add()

    def write(self, path: str, text: str) -> None:
        """Write one file, with the folders it needs."""
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text, "utf-8")

    def add(
        self, place: str = "layers/roads/street", toml: str = GOOD_LAYER, style: Any = GOOD_STYLE
    ) -> None:
        """Write a layer folder."""
        self.write(f"{place}/layer.toml", toml)
        self.write(f"{place}/style.json", json.dumps(style, ensure_ascii=False))

    def change(self, old: str, new: str) -> None:
        """Put `new` in the place of `old` in the good layer.toml."""
        assert old in GOOD_LAYER
        self.add(toml=GOOD_LAYER.replace(old, new, 1))

    def draw(self, **parts: Any) -> None:
        """Give the good layer one style layer: the good one with these parts changed."""
        self.add(style=[{**GOOD_STYLE[0], **parts}])

    @property
    def city(self) -> City:
        """The made-up city."""
        return load_city("sample", self.root)

    def problems(self) -> dict[str, str]:
        """What is wrong: key path → English sentence."""
        return {problem.key: problem.sentence.en for problem in check(self.root)}

    def layer(self, layer_id: str = "roads.street") -> Layer:
        """A layer, loaded."""
        return load_catalogue(self.city, self.root).layer(layer_id)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A checkout in which everything is right."""
    return Checkout(tmp_path)


@pytest.fixture
def legend_of(checkout: Checkout) -> Callable[..., list[tuple[str, Any]]]:
    """The legend of the good layer drawn with a colour: (label, colour) of each row."""
    from gisapp.catalogue.legend import legend

    def rows(colour: Any, lang: str = "ja", **parts: Any) -> list[tuple[str, Any]]:
        checkout.draw(paint={"line-color": colour, "line-width": 2}, **parts)
        assert checkout.problems() == {}
        return [(row["label"], row["color"]) for row in legend(checkout.layer(), lang)]

    return rows
