"""What the keys of a layer.toml say together: who sees which field, what names a feature, which columns a
field claims.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gisapp.catalogue import value_shapes as shapes
from gisapp.catalogue.folders import Folder
from gisapp.catalogue.layer import (
    POINT_COUNT,
    PUBLIC,
    Text,
    Visibility,
    braces,
    departments_named,
    tokens,
    visibility_classes,
    visibility_of,
)
from gisapp.catalogue.problem import Findings

MOST_DEPARTMENTS = 3  # named in one layer: each more doubles the number of views


@dataclass(frozen=True)
class FieldFacts:
    """What a style must know of a field: its type, its codes if any, and whether all who see the layer see
    it.
    """

    type: str
    codes: tuple[str, ...] | None
    open: bool


def field_facts(raw: Mapping[str, Any]) -> dict[str, FieldFacts]:
    """What the style check must know of the layer's fields, as far as their tables can be read."""
    open_fields = _open_fields(raw)
    facts = {}
    for name, field in table_in(raw, "fields").items():
        if isinstance(field, Mapping):
            codes = table_in(table_in(table_in(raw, "codes"), field.get("codes")), "values")
            facts[name] = FieldFacts(str(field.get("type")), tuple(codes) or None, name in open_fields)
    return facts


def style_facts(raw: Mapping[str, Any]) -> dict[str, FieldFacts]:
    """What the style check must know: the fields, and what clusters of points have besides them."""
    blocks = table_in(raw, "zoom").get("generalised")
    clustered = (
        [b for b in blocks if isinstance(b, Mapping) and b.get("how") == "cluster"]
        if isinstance(blocks, list)
        else []
    )
    extra = {POINT_COUNT: FieldFacts("integer", None, True)} if clustered else {}
    return {**extra, **field_facts(raw)}


def check_aliases(fields: Mapping[str, Any]) -> Findings:
    """No two fields may claim the same column of a file; columns are compared without case and width."""
    taken = {_folded(name): name for name in fields}
    for name, field in fields.items():
        for place, alias in enumerate(strings_in(field, "alias")):
            other = taken.setdefault(_folded(alias), name)
            if other != name:
                ja = f"「{alias}」は項目 {other} の名前か別名でもあります"
                yield (
                    f"fields.{name}.alias[{place}]",
                    Text(ja, f"“{alias}” is a name or alias of the field {other} too"),
                )


def check_key_and_label(raw: Mapping[str, Any], fields: Mapping[str, Any]) -> Findings:
    """`key` and `label` name fields of the layer, and a label shows nothing that some may not see."""
    for place, name in enumerate(strings_in(raw, "key")):
        if name not in fields:
            yield f"key[{place}]", unknown_field(name)
    label = raw.get("label")
    if not isinstance(label, str):
        return
    try:
        named = braces(label)
    except ValueError as error:
        ja, en = (
            f"波かっこの中は項目の名前だけです：{error}",
            f"only names of fields may stand in braces: {error}",
        )
        yield "label", Text(ja, en)
        return
    open_fields = _open_fields(raw)
    for name in named:
        if name not in fields:
            yield "label", unknown_field(name)
        elif name not in open_fields:
            yield "label", hidden_field(name)


def check_visibility(folder: Folder, raw: Mapping[str, Any], fields: Mapping[str, Any]) -> Findings:
    """Few enough departments, views that can be named, and no field that is more open than it looks."""
    see, narrowed, rows = _see(raw), _narrowed(raw), _who_sees_every_row(folder, raw)
    named = departments_named(see.union(rows or ()), narrowed)
    if len(named) > MOST_DEPARTMENTS:
        ja = f"1つのレイヤーの see に書ける部署は {MOST_DEPARTMENTS} つまでです：{'、'.join(named)}"
        yield (
            "see",
            Text(
                ja,
                f"a layer and its fields may name {MOST_DEPARTMENTS} departments in all: {', '.join(named)}",
            ),
        )
        return
    views = visibility_classes(folder.name, see, narrowed, rows)
    if rows and all(view.whole for view in views):
        ja = "レイヤーを見る人すべてがすべての行を見るので効き目がありません。消してください"
        yield "rows", Text(ja, "whoever sees the layer sees every row all the same: leave it out")
    for view in views:
        if len(view.name.encode()) > shapes.LONGEST_NAME:
            ja = f"ビューの名前が {shapes.LONGEST_NAME} バイトを超えます：{view.name}"
            yield "see", Text(ja, f"a view's name is longer than {shapes.LONGEST_NAME} bytes: {view.name}")
    open_fields = _open_fields(raw)
    for name, visibility in narrowed:
        personal = isinstance(fields[name], Mapping) and fields[name].get("personal") is True
        if personal and see & visibility >= PUBLIC:
            ja = "個人情報の項目がだれにでも見えます。see で職員か部署に限ってください"
            yield f"fields.{name}.personal", Text(ja, "personal data would be public: narrow it with `see`")
        elif visibility != see and name in open_fields:
            ja = "レイヤーの see より狭くないので効き目がありません。消してください"
            yield (
                f"fields.{name}.see",
                Text(ja, "it is not narrower than the layer's own `see`: leave it out"),
            )


def unknown_field(name: str) -> Text:
    """The sentence for a field that the layer does not have."""
    return Text(f"項目「{name}」はありません", f"there is no field “{name}”")


def hidden_field(name: str) -> Text:
    """The sentence for a restricted field where everybody who sees the layer would see it."""
    ja = f"項目「{name}」は、レイヤーを見る人すべてには見えません"
    return Text(ja, f"the field “{name}” is not visible to everybody who sees the layer")


def _open_fields(raw: Mapping[str, Any]) -> set[str]:
    """The fields that everybody who sees the layer sees: whoever holds just one of the tokens it asks for."""
    least = [tokens({token} - PUBLIC) for token in _see(raw)]
    return {name for name, see in _narrowed(raw) if all(see & held for held in least)}


def _see(raw: Mapping[str, Any]) -> Visibility:
    return visibility_of(raw["see"]) if "see" in raw else PUBLIC


def _who_sees_every_row(folder: Folder, raw: Mapping[str, Any]) -> Visibility | None:
    return visibility_of(table_in(raw, "rows").get("see")) | {folder.department} if "rows" in raw else None


def _narrowed(raw: Mapping[str, Any]) -> list[tuple[str, Visibility]]:
    return [
        (name, visibility_of(field["see"]) if isinstance(field, Mapping) and "see" in field else _see(raw))
        for name, field in table_in(raw, "fields").items()
    ]


def table_in(raw: object, key: object) -> Mapping[str, Any]:
    """The table under `key`; an empty one where `raw` holds no such table."""
    inner = raw.get(key) if isinstance(raw, Mapping) and isinstance(key, str) else None
    return inner if isinstance(inner, Mapping) else {}


def strings_in(raw: object, key: str) -> list[str]:
    """The texts in the list under `key`; none where `raw` holds no such list."""
    inner = raw.get(key) if isinstance(raw, Mapping) else None
    return [value for value in inner if isinstance(value, str)] if isinstance(inner, list) else []


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold().strip()
