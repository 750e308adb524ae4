"""Reads the parameters of a request, or says in a sentence what is wrong with one of them."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Collection, Mapping

from werkzeug.datastructures import MultiDict

from gisapp import errors
from gisapp.geo.tiles import Box
from gisapp.text.reading import JAPAN

_NUMBER = re.compile(r"[+-]?(\d{1,20}(\.\d{0,30})?|\.\d{1,30})([eE][+-]?\d{1,3})?", re.ASCII)
Ends = datetime.datetime | None
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d([Tt]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d))?", re.ASCII)
_BOX_EXAMPLE = "139.35,35.73,139.41,35.77"


def known(args: MultiDict[str, str], names: Collection[str]) -> dict[str, str]:
    """The parameters by name. Raises errors.ParameterInvalid for an unknown one, and for one given twice."""
    for name in args:
        if name not in names:
            listed = ", ".join(names)
            raise invalid(
                name, "そのようなパラメータはありません", "there is no such parameter", f"({listed})"
            )
        if len(args.getlist(name)) > 1:
            raise invalid(name, "2度以上書かれています", "it is given more than once", f"{name}=…")
    return args.to_dict()


def number(
    values: Mapping[str, str], name: str, low: float, high: float, default: float | None = None
) -> float:
    """A number from `low` to `high`; required where there is no default. Raises errors.ParameterInvalid."""
    raw = values.get(name, "")
    if not raw and default is not None:
        return default
    found = read_number(raw)
    if found is None or not low <= found <= high:
        between = f"{low:g}〜{high:g} の数です", f"it is a number from {low:g} to {high:g}"
        raise invalid(name, *between, f"{name}={(low + high) / 2:g}")
    return found


def whole(values: Mapping[str, str], name: str, default: int) -> int:
    """A whole number, 1 or more, of any size. Raises errors.ParameterInvalid."""
    raw = values.get(name, "")
    if not raw:
        return default
    if not (raw.isascii() and raw.isdigit()) or len(raw) > 30 or int(raw) < 1:
        raise invalid(name, "1以上の整数です", "it is a whole number, 1 or more", f"{name}={default}")
    return int(raw)


def box(values: Mapping[str, str], name: str = "bbox") -> Box | None:
    """West, south, east, north in degrees; None where not given. West greater than east leads across 180°.

    Raises errors.ParameterInvalid.
    """
    if not values.get(name):
        return None
    parts = [read_number(part.strip()) for part in values[name].split(",")]
    found = [part for part in parts if part is not None]
    if len(parts) != 4 or len(found) != 4:
        four = (
            "西,南,東,北 の4つの数（経度・緯度、度）です",
            "it is four numbers: west, south, east, north in degrees",
        )
        raise invalid(name, *four, f"{name}={_BOX_EXAMPLE}")
    west, south, east, north = found
    if south > north or (west > east and max(abs(west), abs(east)) > 180):
        order = "西,南,東,北 の順ではありません", "its numbers are not in the order west, south, east, north"
        raise invalid(name, *order, f"{name}={_BOX_EXAMPLE}")
    return west, south, east, north


def interval(values: Mapping[str, str], name: str = "datetime") -> tuple[Ends, Ends] | None:
    """A moment or interval of RFC 3339 as (start, end), None where it is open: "2026-04-01T00:00:00Z", "2026-04-01/..".

    A day is all of it in Japan. None where the parameter is not there. Raises errors.ParameterInvalid.
    """
    if name not in values:
        return None
    parts = values[name].split("/")
    ends = [None if part in ("", "..") and len(parts) == 2 else _to_moments(part) for part in parts]
    wrong = len(parts) > 2 or any(
        end is None and part not in ("", "..") for end, part in zip(ends, parts, strict=True)
    )
    first, last = ends[0], ends[-1]
    if wrong or not any(ends) or (first and last and first[0] > last[1]):
        rfc = "RFC 3339 の日時か、「始まり/終わり」です", "it is a moment of RFC 3339, or “start/end”"
        raise invalid(name, *rfc, f"{name}=2026-04-01T00:00:00Z/..")
    return (first[0] if first else None), (last[1] if last else None)


def invalid(name: str, why_ja: str, why_en: str, example: str) -> errors.ParameterInvalid:
    """The error for a parameter whose value is not right."""
    return errors.ParameterInvalid(name=name[:50], why_ja=why_ja, why_en=why_en, example=example)


def _to_moments(raw: str) -> tuple[datetime.datetime, datetime.datetime] | None:
    """The first and the last moment of what is named."""
    try:
        found = datetime.datetime.fromisoformat(raw.upper()) if _MOMENT.fullmatch(raw) else None
        if found is None:
            return None
        if len(raw) == 10:
            start = found.replace(tzinfo=JAPAN)
            return start, start + datetime.timedelta(days=1, microseconds=-1)
        found = found.replace(tzinfo=found.tzinfo or datetime.UTC).astimezone(JAPAN)
        return found, found
    except (ValueError, OverflowError):
        return None


def read_number(raw: str) -> float | None:
    """A finite number as it is usually written; None for anything else."""
    if not _NUMBER.fullmatch(raw):  # float() would also take "nan", "1_0" and full-width digits
        return None
    found = float(raw)
    return found if math.isfinite(found) else None
