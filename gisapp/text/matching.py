"""Keys by which Japanese names and addresses are compared: one key for all spellings of the same name.

A key serves to compare only and is never shown. Width, capitals, spaces, katakana or hiragana, 漢数字 or digits, ヶ・ケ・が,
之・ノ・の, variants of a character (異体字, IVS), kinds of dashes, 大字 and 字 make no difference; everything else does.
"""

from __future__ import annotations

import re
import unicodedata
from types import MappingProxyType

_VARIANTS = (
    "髙高 﨑崎 嵜崎 碕崎 邊辺 邉辺 齋斎 齊斎 斉斎 澤沢 濱浜 濵浜 嶋島 嶌島 國国 圀国 廣広 榮栄 櫻桜 龍竜 瀧滝 萬万 條条 惠恵 壽寿 "
    "槇槙 桧檜 舘館 舖舗 𠮷吉 𠮟叱 眞真 與与 學学 會会 縣県 區区 鐵鉄 驛駅 廳庁 圓円 藏蔵 實実 圖図 團団 德徳 應応 戶戸 淺浅 豐豊 橫横 "
    "曾曽 鷗鴎 籠篭 桝枡 薮藪 關関 冨富 巖岩 巌岩 砿鉱 礦鉱 曻昇 鄕郷 黑黒 靑青 綠緑 黃黄 當当 聲声 濟済 寳宝 寶宝 邨村 畠畑 彌弥 "
    "禮礼 祿禄 淵渕 溪渓 峯峰 嶽岳 臺台 傳伝 檪櫟 栁柳 曉暁 假仮 辨弁 辯弁 瓣弁 鶯鴬 濤涛 灣湾 驒騨 繩縄 蠣蛎 蟲虫 "
    "假仮 莊荘 庄荘 遙遥 來来 攝摂 隱隠 戀恋 數数 郞郎 增増 德徳"
)
_DROPPED = " \t\n\r\u3000\u00a0\u200b\u200c\u200d\ufeff・･,、。.「」『』'\"“”‘’"
_DASHES = "‐‑‒–—―−－﹣⁃˗─━"
_SMALL = MappingProxyType(dict(zip("ぁぃぅぇぉっゃゅょゎ", "あいうえおつやゆよわ", strict=True)))


def _table() -> dict[int, str | None]:
    table: dict[int, str | None] = {ord(c): None for c in _DROPPED}
    table |= {ord(c): "-" for c in _DASHES}
    table |= {ord(pair[0]): pair[1] for pair in _VARIANTS.split() if pair[0] != pair[1]}
    table |= {code: chr(code - 0x60) for code in range(ord("ァ"), ord("ヶ") + 1)}
    table |= {ord(small): large for small, large in _SMALL.items()}
    table |= {ord(chr(ord(small) + 0x60)): large for small, large in _SMALL.items()}
    table |= {
        code: None for code in (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
    }  # variation selectors
    return table | {ord("~"): "-", ord("〜"): "-", ord("槗"): "橋"}


_TABLE = _table()
_K = "[一-鿿㐀-䶿々〆0-9]"  # kanji and digits
_GA = re.compile(rf"(?<={_K})[ゖけがゕか](?={_K})|(?<=[ぁ-ん])[ゖけがゕか](?=[丘台])")
_NO = re.compile(rf"(?<={_K})[之乃の](?={_K})")
_NUMERALS = re.compile("[〇一二三四五六七八九十百千]+")
_GAP = re.compile(r"(?<=[0-9])\s+(?=[0-9])")  # 1-1 301 is not 1-1301
_BAR = re.compile(r"(?<=[0-9])ー|(?<=[ぁ-ゖ])-(?![0-9])")
_CHOME = re.compile(r"(?<=[0-9])(?:ちよう目|ちようめ|丁め|町目|丁(?!目))")
_OAZA = re.compile(r"大字|小字|(?<![文名])字")
_HAS_GA_NO = frozenset("ゖけがゕか之乃の")
_HAS_CHOME = frozenset("丁目ち")
_HAS_NUMERAL = frozenset("〇一二三四五六七八九十百千")
_DIGIT = {c: i for i, c in enumerate("〇一二三四五六七八九")}
_UNIT = {"十": 10, "百": 100, "千": 1000}


def match_key(text: str) -> str:
    """The key of a name or an address.

    >>> match_key("大字三ッ木　１−２") == match_key("三ツ木1-2")
    True
    >>> match_key("霞ヶ関二十三丁目") == match_key("霞が関23丁目")
    True
    """
    key = _GAP.sub("|", unicodedata.normalize("NFKC", text).casefold()).translate(_TABLE)
    if key.isascii():
        return key
    there = frozenset(key)  # most names have none of what is looked for below, and are folded by the thousand
    if there & _HAS_GA_NO:
        key = _NO.sub("の", _GA.sub("ゖ", key)).replace("ゕ", "か")
    if there & _HAS_NUMERAL:
        key = _NUMERALS.sub(_in_digits, key)
    if "ー" in there or "-" in there:
        key = _BAR.sub(lambda found: "-" if found[0] == "ー" else "ー", key)
    if there & _HAS_CHOME:
        key = _CHOME.sub("丁目", key)
    return _OAZA.sub("", key) if "字" in there else key


def _in_digits(found: re.Match[str]) -> str:
    """Numerals in digits, kept apart by a bar from digits that stand beside them: 二1 is not 21."""
    run, whole = found[0], found.string
    before = "|" if found.start() and whole[found.start() - 1].isdigit() else ""
    after = "|" if found.end() < len(whole) and whole[found.end()].isdigit() else ""
    return f"{before}{number_of(run)}{after}"


def number_of(numerals: str) -> int:
    """The number that 漢数字 write: 二十三 and 二三 are 23, 百五 is 105."""
    if not _UNIT.keys() & set(numerals):
        return int("".join(str(_DIGIT[c]) for c in numerals))
    total, digits = 0, 0
    for c in numerals:
        if c in _DIGIT:
            digits = digits * 10 + _DIGIT[c]
        else:
            total += (digits or 1) * _UNIT[c]
            digits = 0
    return total + digits


_NUMBER = re.compile(r"([0-9]{1,9})(番地|番町|番|号室|号|丁目|街区|条)?[-の|]?(?=([0-9])|)")


def read_numbers(key: str, start: int = 0) -> tuple[list[tuple[str, str]], int]:
    """The numbers with their units that stand one after the other in a key, and where they end.

    >>> read_numbers("12番3号室内")
    ([('12', '番'), ('3', '号室')], 6)
    """
    found: list[tuple[str, str]] = []
    while len(found) < 6:
        match = _NUMBER.match(key, start)
        if not match:
            break
        found.append((str(int(match[1])), match[2] or ""))
        start = match.end()
        if match[3] is None:
            break
    return found, start


def lot_key(text: str) -> str:
    """The key of a block, house or lot number: what stands before the digits, a space, the numbers joined by hyphens.

    >>> lot_key("甲１１２番地の３"), lot_key("112-3"), lot_key("５番２号")
    ('甲 112-3', ' 112-3', ' 5-2')
    """
    key = match_key(text)
    first = next((i for i, c in enumerate(key) if c.isdigit()), None)
    if first is None:
        return key
    numbers, end = read_numbers(key, first)
    return f"{key[:first].rstrip('|')} {'-'.join(number for number, _ in numbers)}{key[end:]}"
