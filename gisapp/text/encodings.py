"""Which encoding bytes are in, by evidence. Japanese Windows text is CP932: Python's `shift_jis` lacks ①, ㈱ and 髙."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from pathlib import Path

CANDIDATES = ("utf-8", "cp932", "euc_jp")
LANGUAGE_BYTES = {
    0x13: "cp932",
    0x7B: "cp932",
    0x4D: "gbk",
    0x7A: "gbk",
    0x4E: "cp949",
    0x4F: "big5",
    0x79: "cp949",
}
"""Language driver byte of a DBF (offset 29) → codec. 0x00 and 0x57 say nothing."""
NOT_CP932 = re.compile("[\x80\uf8f0-\uf8f3]")
"""What Python makes of the bytes 80, A0, FD, FE, FF, which CP932 leaves undefined."""
BESIDE_LATIN = re.compile(
    "(?<![\uff61-\uff9f])(?:(?<=[A-Za-z])[\uff61-\uff9f]|[\uff61-\uff9f](?=[A-Za-z]))(?![\uff61-\uff9f])|[\0-\x7f]"
)
"""ASCII, and half-width kana that stand alone beside a Latin letter."""
LONGEST_CHARACTER = 3  # bytes of a character that a fixed width may have cut


def codec_named(name: str) -> str | None:
    """The codec that a `.cpg` file (or a person) means: "Shift_JIS", "SJIS", "932", "ANSI 932", "UTF-8", "65001" …"""
    plain = name.strip().lower().removeprefix("ansi").strip(" _-")
    if not re.fullmatch(r"[a-z0-9_.-]+", plain):
        return None
    if plain in {
        "shift_jis",
        "shift-jis",
        "shiftjis",
        "sjis",
        "x-sjis",
        "ms932",
        "windows-31j",
        "932",
        "cp932",
    }:
        return "cp932"
    plain = {"65001": "utf-8", "utf8": "utf-8", "20932": "euc_jp", "51932": "euc_jp", "936": "gbk"}.get(
        plain, plain
    )
    for guess in (plain, f"cp{plain}"):
        try:
            found = codecs.lookup(guess)
        except LookupError:
            continue
        if found._is_text_encoding:  # not one that changes text to text
            return found.name
    return None


def decodes(raw: bytes, codec: str, *, may_be_cut: bool = False) -> bool:
    """Whether `raw` is text in `codec`; `may_be_cut`: a character at its end may lack its last bytes."""
    try:
        text = raw.decode(codec)
    except UnicodeDecodeError as error:
        return may_be_cut and error.end == len(raw) and len(raw) - error.start < LONGEST_CHARACTER
    return codec != "cp932" or not NOT_CP932.search(text)


def fitting(samples: Iterable[bytes], candidates: Iterable[str] = CANDIDATES) -> list[str]:
    """The candidates in which every sample is text; those in which no sample ends inside a character come first."""
    samples = list(samples)
    whole = [codec for codec in candidates if all(decodes(raw, codec) for raw in samples)]
    cut = [codec for codec in candidates if all(decodes(raw, codec, may_be_cut=True) for raw in samples)]
    return whole + [codec for codec in cut if codec not in whole]


def looks_latin(samples: Iterable[bytes]) -> bool:
    """Whether what CP932 takes for half-width kana are the accented letters of a Latin alphabet (Windows-1252): every one
    stands alone, beside a letter from A to Z. Kana come in words: FRﾘY is FRØY, but ﾋﾞﾙA is what it says."""
    texts = [raw.decode("cp932", "replace") for raw in samples]
    odd = [text for text in texts if not text.isascii()]
    return bool(odd) and all(not BESIDE_LATIN.sub("", text).strip() for text in odd)


def encoding_of_file(path: Path, candidates: Iterable[str] = CANDIDATES) -> str | None:
    """The codec of a whole text file: by its byte order mark, else the first in which all of it is text."""
    with path.open("rb") as file:
        head = file.read(4)
    if head.startswith(codecs.BOM_UTF8):
        candidates = ["utf-8-sig"]
    elif head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        candidates = ["utf-16"]
    return next((codec for codec in candidates if _reads(path, codec)), None)


def _reads(path: Path, codec: str) -> bool:
    decoder = codecs.getincrementaldecoder(codec)()
    with path.open("rb") as file:
        try:
            while chunk := file.read(2**20):
                text = decoder.decode(chunk)
                if "\0" in text or (codec == "cp932" and NOT_CP932.search(text)):
                    return False
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True
