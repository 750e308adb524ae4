"""What a person may say about a file that is to be loaded; checked the same for the shell and for HTTP."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gisapp import errors
from gisapp.text.encodings import codec_named

MODES = ("replace", "append", "upsert")


@dataclass(frozen=True)
class Options:
    """How to read a file and what to do with the layer's rows that are there already."""

    mode: str = "replace"  # replace: the layer becomes the file; append: rows are added; upsert: by key
    crs: str = ""  # "EPSG:6677"; empty: what the file says
    encoding: str = ""  # a Python codec; empty: what the file says, else by evidence
    part: str = ""  # which data set of an archive, or which layer of a file with several
    constants: Mapping[str, str] = field(default_factory=dict)  # field → the value of every row

    def as_json(self) -> dict[str, Any]:
        """The options as they are kept with an upload."""
        return {
            "mode": self.mode,
            "crs": self.crs,
            "encoding": self.encoding,
            "part": self.part,
            "set": dict(self.constants),
        }


def parse_options(
    mode: str = "replace", crs: str = "", encoding: str = "", part: str = "", constants: Iterable[str] = ()
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
    return Options(mode, _crs(crs), _encoding(encoding), part.strip(), dict(_constant(c) for c in constants))


def _crs(text: str) -> str:
    match = re.fullmatch(r"(?:EPSG:)?(\d{4,6})", text.strip(), re.I)
    if match:
        return f"EPSG:{match[1]}"
    if text.strip():
        why = {"why_ja": "EPSG コードで書いてください", "why_en": "write it as an EPSG code"}
        raise errors.ParameterInvalid(name="crs", example="crs=6677", **why)
    return ""


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
    return Options(kept["mode"], kept["crs"], kept["encoding"], kept["part"], kept["set"])
