"""The shapes that a value in layer.toml may have: one small function each, yielding what is wrong.

`check_layer` and `check_style` say which key has which shape; nothing here knows what a layer is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from gisapp.catalogue.layer import Text
from gisapp.catalogue.problem import Findings

Shape = Callable[[str, object], Findings]
LONGEST_NAME = 63  # bytes of a PostgreSQL identifier
IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class Key:
    """One key of a table: the shape of its value, and whether it must be there."""

    shape: Shape
    required: bool = False


def below(path: str, key: object) -> str:
    """The key path one step deeper: `fields` and `width` give `fields.width`."""
    return f"{path}.{key}" if path else str(key)


def table(path: str, value: object, keys: Mapping[str, Key]) -> Findings:
    """A table with these keys and no others."""
    if not isinstance(value, Mapping):
        yield path, Text("表（テーブル）ではありません", "it is not a table")
        return
    for key, inner in value.items():
        if key in keys:
            yield from keys[key].shape(below(path, key), inner)
        else:
            known = "、".join(keys), ", ".join(keys)
            yield (
                below(path, key),
                Text(f"知らないキーです。使えるのは {known[0]}", f"unknown key; known are {known[1]}"),
            )
    for key, expected in keys.items():
        if expected.required and key not in value:
            yield below(path, key), Text("必要なキーがありません", "this key is missing")


def words(path: str, value: object) -> Findings:
    """A text that is not blank."""
    if not isinstance(value, str) or not value.strip():
        yield path, Text("空でない文字列ではありません", "it is not a text, or it is empty")


def note(path: str, value: object) -> Findings:
    """A text that may be empty."""
    if not isinstance(value, str):
        yield path, Text("文字列ではありません", "it is not a text")


def pair(path: str, value: object) -> Findings:
    """{ ja = "…", en = "…" }, both filled."""
    if not isinstance(value, Mapping):
        yield (
            path,
            Text('{ ja = "…", en = "…" } の形ではありません', 'it is not of the form { ja = "…", en = "…" }'),
        )
        return
    yield from table(path, value, {"ja": Key(words, required=True), "en": Key(words, required=True)})


def boolean(path: str, value: object) -> Findings:
    """true or false."""
    if not isinstance(value, bool):
        yield path, Text("true か false ではありません", "it is not true or false")


def day(path: str, value: object) -> Findings:
    """A date without a time, written without quotes."""
    if not isinstance(value, date) or isinstance(value, datetime):
        example = "2026-04-01"
        yield (
            path,
            Text(
                f"日付ではありません。例：{example}（引用符なし）",
                f"it is not a date such as {example} (unquoted)",
            ),
        )


def whole(low: int, high: int) -> Shape:
    """A whole number from `low` to `high`, both included."""

    def shape(path: str, value: object) -> Findings:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            yield (
                path,
                Text(
                    f"{low} から {high} の整数ではありません",
                    f"it is not a whole number from {low} to {high}",
                ),
            )

    return shape


def one_of(choices: Collection[str]) -> Shape:
    """One of these words."""

    def shape(path: str, value: object) -> Findings:
        if not isinstance(value, str) or value not in choices:
            ja, en = "、".join(choices), ", ".join(choices)
            yield path, Text(f"次のどれでもありません：{ja}", f"it is none of: {en}")

    return shape


def texts(path: str, value: object) -> Findings:
    """A list of texts, none empty, none twice."""
    if not isinstance(value, list):
        yield path, Text("文字列の一覧ではありません", "it is not a list of texts")
        return
    for place, inner in enumerate(value):
        yield from words(f"{path}[{place}]", inner)
        if inner in value[:place]:
            yield f"{path}[{place}]", Text(f"「{inner}」が2回あります", f"“{inner}” is there twice")


def anything(path: str, value: object) -> Findings:
    """A value that is looked at elsewhere."""
    yield from ()


def identifier(path: str, value: object) -> Findings:
    """A name that PostgreSQL takes without quotes: [a-z][a-z0-9_]*, at most 63 bytes."""
    if not isinstance(value, str) or not IDENTIFIER.fullmatch(value):
        yield (
            path,
            Text(
                f"「{value}」は名前に使えません。小文字の英字で始め、英小文字・数字・_ だけにします",
                f"“{value}” cannot be a name: begin with a-z and use a-z, 0-9 and _ only",
            ),
        )
    elif len(value) > LONGEST_NAME:
        yield (
            path,
            Text(f"名前が {LONGEST_NAME} バイトを超えます", f"the name is longer than {LONGEST_NAME} bytes"),
        )


def visibility(departments: Collection[str]) -> Shape:
    """public, staff, or a list of departments."""

    def shape(path: str, value: object) -> Findings:
        if value in ("public", "staff"):
            return
        if not isinstance(value, list) or not value:
            form = '"public", "staff", ["tax"]'
            yield (
                path,
                Text(
                    f"次のどの形でもありません：{form}（部署の一覧）",
                    f"it is none of: {form} (a list of departments)",
                ),
            )
            return
        for place, name in enumerate(value):
            if not isinstance(name, str) or name not in departments:
                yield f"{path}[{place}]", unknown_department(name)

    return shape


def unknown_department(name: object) -> Text:
    """The sentence for a department that is not in departments.toml."""
    ja = f"「{name}」という部署は layers/departments.toml にありません"
    return Text(ja, f"there is no department “{name}” in layers/departments.toml")
