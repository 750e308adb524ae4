"""Encodings by name and by evidence."""

from __future__ import annotations

from pathlib import Path

import pytest

from gisapp.text.encodings import codec_named, decodes, encoding_of_file, fitting, looks_latin


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("Shift_JIS", "cp932"),
        ("SJIS\r\n", "cp932"),
        ("932", "cp932"),
        ("ANSI 932", "cp932"),
        ("UTF-8", "utf-8"),
        ("65001", "utf-8"),
        ("EUC-JP", "euc_jp"),
        ("1252", "cp1252"),
        ("<html>", None),
        ("rot13", None),
        ("hex", None),
    ],
)
def test_names_of_encodings_are_understood(name: str, codec: str | None) -> None:
    assert codec_named(name) == codec


def test_windows_characters_are_read_as_windows_wrote_them() -> None:
    raw = "①㈱髙﨑～".encode("cp932")
    assert raw.decode(codec_named("Shift_JIS") or "") == "①㈱髙﨑～"


def test_a_character_cut_at_the_end_is_no_evidence_against_an_encoding() -> None:
    cut = "道路冠水".encode("cp932")[:-1]
    assert decodes(cut, "cp932", may_be_cut=True)
    assert not decodes(cut, "cp932")
    assert not decodes(b"\x81" + "道路".encode("cp932"), "utf-8", may_be_cut=True)


def test_evidence_names_the_encodings_in_which_all_is_text() -> None:
    assert fitting(["避難所".encode()])[0] == "utf-8"
    assert fitting(["避難所".encode("cp932")]) == ["cp932"]
    assert "euc_jp" in fitting(["避難所".encode("euc_jp")])


def test_letters_of_northern_europe_are_not_taken_for_half_width_kana() -> None:
    assert looks_latin([text.encode("cp1252") for text in ("FRØY", "OSEBERG ØST", "ÅSGARD A", "KÅRSTØ")])
    for kana in ("ﾋﾞﾙA", "JAﾋﾞﾙ", "ｱ", "A棟", "東京ｱ"):
        assert not looks_latin(["FRØY".encode("cp1252"), kana.encode("cp932")]), kana
    assert not looks_latin([b"plain"])


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "cp932", "euc_jp", "utf-16"])
def test_a_text_file_tells_its_encoding(tmp_path: Path, codec: str) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes("名称,緯度,経度\n一丁目公園のトイレ,35.7,139.4\n".encode(codec))
    assert encoding_of_file(path) == codec


def test_bytes_that_are_no_text_have_no_encoding(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(b"name\n\xff\xff\xff\x00\n")
    assert encoding_of_file(path) is None
