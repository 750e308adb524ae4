"""Diagnosis: which column of the file is which field of the layer.

By the field's name, its titles and its aliases, in this order; width, case and spaces make no difference. In a Shapefile
a name may have been cut at 10 bytes, in the encoding of the file or in UTF-8.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gisapp import errors
from gisapp.catalogue.layer import Field, Layer
from gisapp.intake.problem import ERROR, NOTE, WARNING, Problem
from gisapp.intake.source import Source
from gisapp.text.folding import fold

LONGEST_CUT = 10  # bytes of a DBF's column name
SHORTEST_CUT = 8  # a cut may fall into a character, which then is lost


@dataclass(frozen=True)
class ColumnMap:
    """`fields`: field name → column of the file; `ignored`: columns without a field; `constants`: field → value."""

    fields: dict[str, str]
    constants: dict[str, str]
    ignored: tuple[str, ...]
    problems: tuple[Problem, ...]


def map_columns(layer: Layer, source: Source, constants: dict[str, str]) -> ColumnMap:
    """Match the file's columns with the layer's fields; `constants` (field → text) come before columns.

    Raises errors.ParameterInvalid for a constant of a field that the layer does not have.
    """
    known = {field.name for field in layer.fields}
    for name in constants:
        if name not in known:
            listed = ", ".join(sorted(known))
            why = {
                "why_ja": f"「{name}」という項目はありません（あるのは {listed}）",
                "why_en": f"no field “{name}” ({listed})",
            }
            raise errors.ParameterInvalid(name="set", example=f"{sorted(known)[0]}=…", **why)
    columns = source.columns
    wanted = [field for field in layer.fields if field.name not in constants]
    found = dict(_whole_names(wanted, columns))
    if source.cut_names:
        found |= _cut_names(
            [f for f in wanted if f.name not in found], [c for c in columns if c not in found.values()]
        )
    found |= _shared(wanted, columns, found)
    ignored = tuple(column for column in columns if column not in {*found.values(), *source.position})
    problems = (*_missing(wanted, found), *_unknown(ignored))
    return ColumnMap(found, constants, ignored, problems)


def _names(field: Field) -> list[str]:
    """What the field may be called, the best name first."""
    return [field.name, field.title.ja, field.title.en, *field.alias]


def _whole_names(fields: list[Field], columns: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """(field, column) for names that match whole. A better name wins over a worse, an earlier field over a later."""
    by_name: dict[str, str] = {}
    for column in columns:
        by_name.setdefault(fold(column), column)
    taken: set[str] = set()
    done: set[str] = set()
    for rank in range(max((len(_names(field)) for field in fields), default=0)):
        for field in fields:
            names = _names(field)
            found = by_name.get(fold(names[rank])) if rank < len(names) else None
            if found is not None and found not in taken and field.name not in done:
                taken.add(found)
                done.add(field.name)
                yield field.name, found


def _shared(fields: list[Field], columns: tuple[str, ...], found: dict[str, str]) -> dict[str, str]:
    """Fields without a column of their own that are read from another's: a name may say the code too."""
    by_name = {fold(column): column for column in reversed(columns)}
    return {
        field.name: by_name[fold(name)]
        for field in fields
        if field.name not in found
        for name in reversed(field.shares)
        if fold(name) in by_name
    }


def _cut_names(fields: list[Field], columns: list[str]) -> dict[str, str]:
    """Fields whose name, cut at ten bytes, is one of the columns, where that says only one of each."""
    candidates: dict[str, list[str]] = {}
    for field in fields:
        for column in {c for name in _names(field) for c in columns if _is_cut(name, c)}:
            candidates.setdefault(column, []).append(field.name)
    found = {names[0]: column for column, names in candidates.items() if len(names) == 1}
    return {field: column for field, column in found.items() if list(found.values()).count(column) == 1}


def _is_cut(name: str, column: str) -> bool:
    for codec in ("cp932", "utf-8"):
        raw = name.encode(codec, "ignore")
        kept = raw[:LONGEST_CUT].decode(codec, "ignore")
        if len(raw) > LONGEST_CUT and len(kept.encode(codec)) >= SHORTEST_CUT and fold(kept) == fold(column):
            return True
    return False


def _missing(fields: list[Field], found: dict[str, str]) -> Iterator[Problem]:
    for field in fields:
        if field.required and field.name not in found:
            names = "、".join(dict.fromkeys([field.title.ja, field.name, *field.alias]))
            ja = f"必須の項目「{field.title.ja}」の列がありません（見出しは {names} のどれか。`--set {field.name}=値` でも可）"
            en = f"the required column “{field.title.en}” is missing (headed {names}; or use `--set {field.name}=value`)"
            yield Problem(ERROR, "missing_column", ja, en)


def _unknown(ignored: tuple[str, ...]) -> Iterator[Problem]:
    if ignored:
        listed = "、".join(ignored[:30]) + ("、…" if len(ignored) > 30 else "")
        ja = f"レイヤーにない列は読み込みません：{listed}"
        yield Problem(
            NOTE, "unknown_column", ja, f"columns that the layer does not have are left out: {listed}"
        )


def no_field_found(layer: Layer, columns: ColumnMap) -> Iterator[Problem]:
    """A warning where the file has columns and none of them belongs to the layer."""
    if layer.fields and not columns.fields and not columns.constants and columns.ignored:
        ja = "レイヤーの項目に当たる列が一つもありません。レイヤーを間違えていないか確かめてください"
        en = "not one column belongs to this layer; make sure it is the right one"
        yield Problem(WARNING, "no_column_known", ja, en)
