"""Diagnosis: the encoding of a Shapefile's attribute table. A declaration is obeyed unless the bytes contradict it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gisapp.catalogue.layer import Text
from gisapp.intake.dbf import read_dbf, sample_texts
from gisapp.intake.problem import NOTE, REPAIR, WARNING, Problem
from gisapp.text.encodings import CANDIDATES, LANGUAGE_BYTES, codec_named, fitting, looks_latin

LONGEST_CPG = 64  # bytes; more is something else, such as an error page saved under that name


@dataclass(frozen=True)
class Encoding:
    """A codec, where it comes from, and what is to be said about it."""

    codec: str
    said_by: Text
    problems: tuple[Problem, ...] = ()


def diagnose_encoding(dbf_path: Path | None, cpg_path: Path | None, forced: str) -> Encoding:
    """The encoding of a DBF: as the person says, as `.cpg` says, by the language byte, else by evidence."""
    if forced:
        return Encoding(forced, Text("指定による", "as said"))
    declared, problems = _read_cpg(cpg_path) if cpg_path else (None, [])
    said_by = Text(".cpg による", "from the .cpg")
    dbf = read_dbf(dbf_path) if dbf_path else None
    if declared is None and dbf is not None:
        declared = LANGUAGE_BYTES.get(dbf.language)
        said_by = Text("DBF の言語コードによる", "from the DBF's language byte")
    samples = list(sample_texts(dbf_path, dbf)) if dbf_path and dbf else []
    found = fitting(samples, dict.fromkeys([*([declared] if declared else []), *CANDIDATES]))
    best = found[0] if found else declared
    if declared is not None and (best == declared or (declared in found and best != "utf-8")):
        return Encoding(declared, said_by, tuple(problems))
    codec = best or "cp932"
    if declared is None and codec == "cp932" and looks_latin(samples):
        codec = "cp1252"
    if samples:
        problems.append(_guessed(codec, declared))
    return Encoding(codec, Text("内容から判断", "by evidence"), tuple(problems))


def _guessed(codec: str, declared: str | None) -> Problem:
    if declared is None:
        ja = f"文字コードの指定がないため、内容から {codec} と判断しました"
        return Problem(NOTE, "encoding_guessed", ja, f"no encoding is stated; by its content it is {codec}")
    ja = f"文字コードの指定は {declared} ですが、内容は {codec} なので {codec} で読みました"
    en = f"the encoding is stated as {declared} but the text is {codec}: read as {codec}"
    return Problem(WARNING, "encoding_guessed", ja, en)


def _read_cpg(path: Path) -> tuple[str | None, list[Problem]]:
    raw = path.read_bytes()[: 10 * LONGEST_CPG]
    text = raw.removeprefix(b"\xef\xbb\xbf").decode("ascii", "replace").strip().strip("\0")
    codec = codec_named(text) if len(text) <= LONGEST_CPG else None
    if codec is None and text:
        en = "the .cpg file names no encoding; it is ignored"
        return None, [
            Problem(
                WARNING, "sidecar_unreadable(cpg)", ".cpg の内容が文字コード名ではないため、無視しました", en
            )
        ]
    if raw.startswith(b"\xef\xbb\xbf") or b"\r" in raw:
        en = "the .cpg file holds a byte order mark or line ends; they were left out"
        return codec, [
            Problem(NOTE, "cpg_dirty", ".cpg に余分な文字（BOM・改行）があるため、除いて読みました", en)
        ]
    return codec, []


def decode_name(name: str, codec: str) -> str:
    """A column name that GDAL read as Latin-1, as it is; a character cut at its end is left out."""
    return name.encode("latin-1").decode(codec, "ignore")


def decode_column(values: pa.Array, codec: str) -> tuple[pa.Array, np.ndarray[Any, Any]]:
    """Texts that GDAL read as Latin-1, as they are, and a flag for each that was not text in `codec` to its last byte.

    Reading as Latin-1 keeps every byte, so that what cannot be decoded is seen here and not lost in silence.
    """
    coded = values.dictionary_encode()
    texts: list[str | None] = []
    spoilt = []
    for text in coded.dictionary.to_pylist():
        raw = text.encode("latin-1")
        try:
            texts.append(raw.decode(codec))
            spoilt.append(False)
        except UnicodeDecodeError:
            texts.append(raw.decode(codec, "ignore"))
            spoilt.append(True)
    decoded = pc.take(pa.array(texts, pa.string()), coded.indices)
    flags = pc.fill_null(pc.take(pa.array(spoilt, pa.bool_()), coded.indices), False)
    return decoded, flags.to_numpy(zero_copy_only=False)


def cut_texts(column: str, rows: np.ndarray[Any, Any]) -> Iterator[Problem]:
    """A problem for texts that end inside a character."""
    if len(rows):
        ja = "文字の途中で切れているため、切れた文字を除きました"
        en = "the text ends inside a character; what was left of it is removed"
        yield Problem(REPAIR, "text_cut", ja, en, tuple(rows.tolist()), column)
