"""What may be wrong with how a layer is searched: `[search]` in layer.toml."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gisapp.catalogue import value_shapes as shapes
from gisapp.catalogue.check_meaning import field_facts, hidden_field, strings_in, table_in, unknown_field
from gisapp.catalogue.found import KINDS
from gisapp.catalogue.layer import Text
from gisapp.catalogue.problem import Findings
from gisapp.catalogue.value_shapes import Key

PATH = "search"
SINGLE = ("town", "koaza", "level", "detail")
LISTS = ("names", "numbers")
OF_NUMBERS = ("address", "parcel")


def search_table(path: str, value: object) -> Findings:
    """The shape of the table."""
    keys = {"kind": Key(shapes.one_of(KINDS), required=True), "words": Key(shapes.texts)}
    keys |= {name: Key(shapes.words) for name in SINGLE} | {name: Key(shapes.texts) for name in LISTS}
    yield from shapes.table(path, value, keys)


def check_search(raw: Mapping[str, Any]) -> Findings:
    """Its fields are there, everybody who sees the layer sees them, and they are those that its kind is found by."""
    found = table_in(raw, PATH)
    if not found:
        return
    facts = field_facts(raw)
    named = [(f"{PATH}.{key}", found[key]) for key in SINGLE if isinstance(found.get(key), str)]
    named += [
        (f"{PATH}.{key}[{place}]", name) for key in LISTS for place, name in enumerate(strings_in(found, key))
    ]
    for path, name in named:
        if name not in facts:
            yield path, unknown_field(name)
        elif not facts[name].open:
            yield path, hidden_field(name)
        elif facts[name].type != ("integer" if path == f"{PATH}.level" else "text"):
            ja, en = (
                f"項目「{name}」はここに書ける型ではありません",
                f"the field “{name}” is not of the type that stands here",
            )
            yield path, Text(ja, en)
    kind = found.get("kind")
    if kind in OF_NUMBERS and not ("town" in found and found.get("numbers")):
        ja = f'kind = "{kind}" には town と numbers が要ります'
        yield PATH, Text(ja, f"kind = “{kind}” needs `town` and `numbers`")
    if kind in KINDS and kind not in OF_NUMBERS and not found.get("names"):
        yield PATH, Text(f'kind = "{kind}" には names が要ります', f"kind = “{kind}” needs `names`")
