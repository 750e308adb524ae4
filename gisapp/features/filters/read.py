"""A filter as it was sent, as a tree of CQL2 JSON, within limits that are checked before anything reads it.

Text is read by the library cql2, whose parser is written in Rust. A deep text would end the process there (its stack), and
a malformed one takes it time that doubles with every bracket: hence few levels in text, and more in JSON.
"""

from __future__ import annotations

import json
from typing import Any

import cql2

from gisapp.features.filters.wrong import wrong

LONGEST = 50_000  # characters of JSON
LONGEST_TEXT = 4_000
DEEPEST = 50  # brackets of JSON within each other
DEEPEST_TEXT = 10
LANGS = ("cql2-text", "cql2-json")
Tree = Any


def read_filter(raw: str, lang: str) -> Tree:
    """The tree. `lang` is cql2-text or cql2-json. Raises errors.ParameterInvalid."""
    return _read_json(raw) if lang == "cql2-json" else _read_text(raw)


def _read_text(raw: str) -> Tree:
    raw = raw.replace("\\'", "''")  # the standard has both for a quote within quotes, the library the second
    _check_size(raw, LONGEST_TEXT, DEEPEST_TEXT, "()", "'", "")
    try:
        return cql2.parse_text(raw).to_json()
    except Exception as error:  # noqa: BLE001 — the library has several, and says what it expected in words of its grammar
        raise wrong("CQL2 の文として読めません", "it cannot be read as CQL2 text") from error


def _read_json(raw: str) -> Tree:
    _check_size(raw, LONGEST, DEEPEST, "[]{}", '"', "\\")
    try:
        return json.loads(raw, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        example = 'filter={"op":">=","args":[{"property":"floors"},3]}'
        raise wrong("JSON として読めません", "it cannot be read as JSON", example) from error


def _no_constant(name: str) -> None:
    raise ValueError(name)  # NaN and Infinity are no JSON


def _check_size(raw: str, longest: int, deepest: int, brackets: str, quote: str, escape: str) -> None:
    if "\0" in raw:
        raise wrong("使えない文字（NUL）があります", "it holds a character that cannot be used (NUL)")
    if len(raw) > longest:
        raise wrong(f"{longest:,} 文字までです", f"it may have at most {longest:,} characters")
    if not raw.strip():
        raise wrong("空です", "it is empty")
    depth = _depth(raw, brackets, quote, escape)
    if depth is None:
        raise wrong("かっこが対になっていません", "its brackets do not match")
    if depth > deepest:
        more = "" if deepest == DEEPEST else f"（filter-lang=cql2-json なら {DEEPEST} 段まで）"
        more_en = "" if deepest == DEEPEST else f" (cql2-json: {DEEPEST})"
        raise wrong(
            f"かっこの入れ子が深すぎます。{deepest} 段までです{more}",
            f"its brackets are nested too deeply: at most {deepest} levels{more_en}",
        )


def _depth(raw: str, brackets: str, quote: str, escape: str) -> int | None:
    """How many brackets stand within each other outside of quotes; None where they do not match."""
    depth = deepest = 0
    quoted = skip = False
    for sign in raw:
        if skip:
            skip = False
        elif quoted and escape and sign == escape:
            skip = True
        elif sign == quote:
            quoted = not quoted
        elif not quoted and sign in brackets:
            depth += 1 if brackets.index(sign) % 2 == 0 else -1
            deepest = max(deepest, depth)
            if depth < 0:
                return None
    return deepest if depth == 0 and not quoted else None
