"""The values of one column as the field's type: numbers and dates as people write them, titles of codes as codes."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gisapp.catalogue.layer import CodeList, Field
from gisapp.intake.problem import ERROR, REPAIR, WARNING, Problem
from gisapp.text.codes import restored
from gisapp.text.folding import fold
from gisapp.text.reading import JAPAN, read_boolean, read_date, read_datetime, read_integer, read_number

TYPES = {
    "text": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "datetime": pa.timestamp("us", "UTC"),
}
READERS: dict[str, Callable[[str], Any]] = {
    "integer": read_integer,
    "number": read_number,
    "boolean": read_boolean,
    "date": read_date,
    "datetime": read_datetime,
}
EXPECTED = {
    "integer": ("整数", "a whole number"),
    "number": ("数値", "a number"),
    "boolean": ("はい・いいえ（1・0、○・×など）", "yes or no (1 or 0)"),
    "date": ("日付（2026-04-01 など）", "a date such as 2026-04-01"),
    "datetime": ("日時（2026-04-01 10:30 など）", "a date and time such as 2026-04-01 10:30"),
}
BLANKS = " \t\r\n\0\u3000\u00a0"


@dataclass(frozen=True)
class Converted:
    """Values in the field's type, None where there was none or it made no sense; and what is to be said."""

    values: pa.Array
    problems: tuple[Problem, ...]


def convert(
    values: pa.Array, field: Field, codes: CodeList | None, rows: np.ndarray[Any, Any], *, show: bool
) -> Converted:
    """The column as the field's type. `rows` number the values; `show`: a problem may quote a value (nothing personal).

    Blank texts are no value. Spaces at the ends are left out, everything else of a text stays as it is.
    """
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if codes is None and (cast := _cast(values, field.type)) is not None:
        return Converted(cast, ())
    texts = as_text(values)
    if codes is None and field.type == "text":
        return _restored(texts, rows) if field.form == "local_government_code" else Converted(texts, ())
    read = _code_reader(field, codes) if codes else READERS[field.type]
    return _each(texts, field, codes, read, rows, show)


def _restored(texts: pa.Array, rows: np.ndarray[Any, Any]) -> Converted:
    """Local government codes with the zeros that a spreadsheet took from their front."""
    coded = texts.dictionary_encode()
    known = coded.dictionary.to_pylist()
    whole = restored(known)
    if whole == known:
        return Converted(texts, ())
    values = pc.take(pa.array(whole, pa.string()), coded.indices)
    changed = pc.fill_null(pc.not_equal(values, texts), False).to_numpy(zero_copy_only=False)
    ja = "先頭の0が失われた団体コードに0を補いました"
    en = "zeros that local government codes had lost at their front are restored"
    return Converted(values, (Problem(REPAIR, "lost_leading_zero", ja, en, tuple(rows[changed].tolist())),))


def _cast(values: pa.Array, kind: str) -> pa.Array | None:
    """The values where Arrow can turn them into the type without loss; None where each has to be looked at."""
    kinds = pa.types
    given = values.type
    try:
        if kind == "integer" and (kinds.is_integer(given) or kinds.is_floating(given)):
            return pc.cast(_finite_or_null(values), pa.int64())
        if kind == "number" and (kinds.is_integer(given) or kinds.is_floating(given)):
            return pc.cast(_finite_or_fail(values), pa.float64(), safe=False)
        if kind == "number" and (kinds.is_string(given) or kinds.is_large_string(given)):
            return pc.cast(_finite_or_fail(pc.cast(trimmed(values), pa.float64())), pa.float64())
        if kind == "boolean" and kinds.is_boolean(given):
            return values
        if kind == "date" and (kinds.is_date(given) or kinds.is_timestamp(given)):
            return pc.cast(values, pa.date32(), safe=False)
        if kind == "datetime" and kinds.is_timestamp(given):
            zoned = (
                values
                if given.tz
                else pc.assume_timezone(values, JAPAN.key, nonexistent="earliest", ambiguous="earliest")
            )
            return pc.cast(zoned, TYPES["datetime"], safe=False)
    except pa.ArrowInvalid:
        pass
    return None


def _finite_or_null(values: pa.Array) -> pa.Array:
    return pc.if_else(pc.is_finite(values), values, None) if pa.types.is_floating(values.type) else values


def _finite_or_fail(values: pa.Array) -> pa.Array:
    if (
        pa.types.is_floating(values.type)
        and not pc.all(pc.is_finite(values)).as_py()
        and values.null_count < len(values)
    ):
        raise pa.ArrowInvalid("not finite")
    return values


def trimmed(texts: pa.Array) -> pa.Array:
    """Without spaces at the ends and NULs; blank texts are no value."""
    whole = pc.utf8_trim(pc.replace_substring(texts, "\0", ""), BLANKS)
    return pc.if_else(pc.equal(whole, ""), None, whole)


def as_text(values: pa.Array) -> pa.Array:
    """Any column as text: whole numbers without a decimal point, lists as JSON, trimmed."""
    kind = values.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return trimmed(pc.cast(values, pa.string()))
    if pa.types.is_integer(kind):
        return pc.cast(values, pa.string())
    return pa.array([_as_text(value) for value in values.to_pylist()], pa.string())


def _as_text(value: object) -> str | None:
    if value is None or value != value:
        return None
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value).strip(BLANKS) or None


def _code_reader(field: Field, codes: CodeList | None) -> Callable[[str], Any]:
    """What reads a code written as itself or as its title. Codes not in the list stay as they are (and are reported)."""
    titles = {
        fold(title.get(lang)): code
        for code, title in (codes.values if codes else {}).items()
        for lang in ("en", "ja")
    } | {fold(other): code for other, code in (codes.alias if codes else {}).items()}

    def read(text: str) -> Any:
        code = titles.get(fold(text), text)
        return read_integer(code) if field.type == "integer" else code

    return read


def _each(
    texts: pa.Array,
    field: Field,
    codes: CodeList | None,
    read: Callable[[str], Any],
    rows: np.ndarray[Any, Any],
    show: bool,
) -> Converted:
    """Read every different text once."""
    coded = texts.dictionary_encode()
    found: list[Any] = []
    wrong: list[int] = []
    unknown: list[int] = []
    for number, text in enumerate(coded.dictionary.to_pylist()):
        try:
            value = read(text)
        except (ValueError, OverflowError):
            value = None
            wrong.append(number)
        if value is not None and codes is not None and codes.title(value) is None:
            unknown.append(number)
        found.append(value)
    values = pc.take(pa.array(found, TYPES[field.type]), coded.indices)
    places = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)

    def at(numbers: list[int]) -> tuple[tuple[int, ...], str]:
        shown = "、".join(str(coded.dictionary[n])[:30] for n in numbers[:3])
        return tuple(rows[np.isin(places, numbers)].tolist()), f"「{shown}」" if show else ""

    problems = []
    if wrong:
        problems.append(_wrong(field, codes is not None, *at(wrong)))
    if unknown:
        problems.append(_unknown_code(field, *at(unknown)))
    return Converted(values, tuple(problems))


def _wrong(field: Field, coded: bool, rows: tuple[int, ...], quoted: str) -> Problem:
    ja, en = ("コード表の番号か名称", "a code or its title") if coded else EXPECTED[field.type]
    return Problem(
        ERROR,
        "wrong_value",
        f"{quoted}は{ja}ではありません",
        f"{quoted} is not {en}".strip(),
        rows,
        field.title.ja,
    )


def _unknown_code(field: Field, rows: tuple[int, ...], quoted: str) -> Problem:
    ja, en = f"{quoted}はコード表にない値です", f"{quoted} is not in the list of codes".strip()
    return Problem(WARNING, "unknown_code", ja, en, rows, field.title.ja)


def missing_values(values: pa.Array, field: Field, rows: np.ndarray[Any, Any]) -> Iterator[Problem]:
    """An error for rows without a value in a required field."""
    if field.required and values.null_count:
        empty = values.is_null().to_numpy(zero_copy_only=False)
        ja, en = "必須の項目ですが、値がありません", "a value is required and missing"
        yield Problem(ERROR, "missing_value", ja, en, tuple(rows[empty].tolist()), field.title.ja)
