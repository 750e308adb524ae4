"""A layer folder holds no address: where one could be meant as one it is refused, elsewhere it is a word like others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

ADDRESSES = [
    "javascript:alert(1)",
    "file:///etc/passwd",
    "http://169.254.169.254/latest/meta-data",
    "//evil.example/x",
    "data:text/html,<script>alert(1)</script>",
    "https://tiles.example/{z}/{x}/{y}.png",
]
KEYS = ("url", "href", "link", "icon", "image", "sprite", "glyphs", "style", "attribution")


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_key_that_would_hold_one_is_refused(checkout: Any, address: str) -> None:
    for key in KEYS:
        for before in ("[zoom]", "[source]", "[fields.name]", "[codes.surface]"):
            place = (
                f'{key} = "{address}"\n\n{before}' if before == "[zoom]" else f'{before}\n{key} = "{address}"'
            )
            checkout.change(before, place)
            assert checkout.problems(), (key, before)


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize(
    "parts",
    [
        lambda address: {"paint": {"line-pattern": address}},
        lambda address: {"layout": {"icon-image": address}},
        lambda address: {"layout": {"icon-image": ["image", address]}},
        lambda address: {"layout": {"text-field": "{name}", "text-font": [address]}},
        lambda address: {"source": address},
        lambda address: {"source": {"type": "vector", "url": address}},
        lambda address: {"source-layer": address},
        lambda address: {"ref": address},
        lambda address: {"paint": {"line-color": address}},
    ],
)  # fmt: skip
def test_a_style_draws_nothing_from_elsewhere(
    checkout: Any, address: str, parts: Callable[[str], dict[str, Any]]
) -> None:
    checkout.draw(**parts(address))
    assert checkout.problems(), parts(address)


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_style_is_a_list_of_layers_without_sprite_and_glyphs(checkout: Any, address: str) -> None:
    for key in ("sprite", "glyphs", "sources"):
        checkout.add(style={"version": 8, key: address, "layers": []})
        assert checkout.problems(), key
