"""What a person may say about a file that is to be loaded; checked the same for the shell and for HTTP."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gisapp import errors
from gisapp.geo.readings import written_reading
from gisapp.text.encodings import codec_named

MODES = ("replace", "append", "upsert")
DIMENSIONS = ("point", "line", "polygon")
PLACES = ("3", "4", "5", "6", "7")


@dataclass(frozen=True)
class Options:
    """How to read a file and what to do with the layer's rows that are there already."""

    mode: str = "replace"  # replace: the layer becomes the file; append: rows are added; upsert: by key
    crs: str = ""  # "EPSG:6677", "EPSG:6677+yx+mm" (geo.readings); empty: what the file says
    encoding: str = ""  # a Python codec; empty: what the file says, else by evidence
    part: str = ""  # which data set of an archive, or which layer of a file with several
    only: str = ""  # point, line or polygon: which shapes of a mixed file are meant
    places: str = ""  # of addresses: the match level that places a row; those below it are left out
    constants: Mapping[str, str] = field(default_factory=dict)  # field → the value of every row

    def as_json(self) -> dict[str, Any]:
        """The options as they are kept with an upload."""
        return {
            "mode": self.mode,
            "crs": self.crs,
            "encoding": self.encoding,
            "part": self.part,
            "only": self.only,
            "places": self.places,
            "set": dict(self.constants),
        }


def parse_options(
    mode: str = "replace",
    crs: str = "",
    encoding: str = "",
    part: str = "",
    constants: Iterable[str] = (),
    only: str = "",
    places: str = "",
) -> Options:
    """Options from the words of a command line or a form. `constants` are "field=value".

    Raises errors.ParameterInvalid for the first word that does not fit.
    """
    if mode not in MODES:
        known = ", ".join(MODES)
        raise errors.ParameterInvalid(
            name="mode",
            why_ja=f"{known} のどれかです",
            why_en=f"it is one of {known}",
            example="mode=replace",
        )
    if only and only not in DIMENSIONS:
        known = ", ".join(DIMENSIONS)
        why = {"why_ja": f"{known} のどれかです", "why_en": f"it is one of {known}"}
        raise errors.ParameterInvalid(name="only", example="only=polygon", **why)
    if places and places not in PLACES:
        ja, en = "3（町）から 7（地番）までの一致レベルです", "it is a match level, 3 (town) to 7 (lot)"
        raise errors.ParameterInvalid(name="places", example="places=5", why_ja=ja, why_en=en)
    said = dict(_constant(c) for c in constants)
    return Options(mode, _crs(crs), _encoding(encoding), part.strip(), only, places, said)


def _crs(text: str) -> str:
    if not text.strip():
        return ""
    written = written_reading(text)
    if written is None:
        ja = "EPSG コードで書いてください（座標の順が逆なら +yx、ミリメートルなら +mm、±9 m の変換でよければ +9m を続けます）"
        en = "write it as an EPSG code (with +yx where north comes first, +mm for millimetres, +9m to accept a shift of ±9 m)"
        raise errors.ParameterInvalid(name="crs", example="crs=6677", why_ja=ja, why_en=en)
    return written


def _encoding(text: str) -> str:
    codec = codec_named(text) if text.strip() else ""
    if codec is None:
        why = {"why_ja": "知らない文字コードです", "why_en": "there is no such encoding"}
        raise errors.ParameterInvalid(name="encoding", example="encoding=cp932", **why)
    return codec


def _constant(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        why = {"why_ja": "「項目=値」の形で書いてください", "why_en": "write it as field=value"}
        raise errors.ParameterInvalid(name="set", example="set=class=1", **why)
    return name.strip(), value


def options_from_json(kept: Mapping[str, Any]) -> Options:
    """The options that `as_json` kept."""
    only, places = kept.get("only", ""), kept.get("places", "")
    return Options(kept["mode"], kept["crs"], kept["encoding"], kept["part"], only, places, kept["set"])
