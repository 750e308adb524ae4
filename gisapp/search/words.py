"""The sentences that go with an answer: why it is not certain, or why there is none."""

from __future__ import annotations

from gisapp.catalogue.layer import Text

NOTHING = Text("", "")
NOT_FOUND = Text(
    "見つかりませんでした。町名や施設名だけでもお試しください。",
    "Nothing was found. Try the town's or the facility's name alone.",
)
NOT_IN_CITY = Text("この市の中ではありません", "This is not in this city")
SEVERAL = Text("同じ名前の場所がいくつかあります。", "Several places have this name.")
CHOME_MISSING = Text("丁目が書かれていません。", "The chome is not given.")
CHOME_UNKNOWN = Text("その丁目はありません。", "There is no such chome.")
CHOME_OR_LOT = Text(
    "最初の数字は丁目とも番地とも読めます。", "The first number may be a chome or a lot number."
)
TOWN_ONLY = Text(
    "番・号は手元のデータにないため、町までの一致です。",
    "The numbers are not in the data: the town is what matches.",
)
BLOCK_ONLY = Text(
    "号は手元のデータにないため、街区までの一致です。",
    "The house is not in the data: the block is what matches.",
)
TEXT_AFTER_TOWN = Text("町名の後が読み取れません。", "What follows the town could not be read.")
NEARLY = Text("つづりの近い名前です。確かめてください。", "These names are nearly the same: please check.")
PART = Text("その言葉を含む名前です。選んでください。", "These names hold the words: please choose.")
SWAPPED = Text("数値の順を入れ替えて読みました。", "The numbers were read in the other order.")
OUT_OF_RANGE = Text("座標の値が範囲の外です。", "The coordinates are out of range.")
NO_MESH = Text("その数字のメッシュコードはありません。", "There is no mesh code of these digits.")


def not_in_city(other: str) -> Text:
    """The sentence for a place that lies elsewhere; `other`: what was asked for."""
    if not other:
        return Text(f"{NOT_IN_CITY.ja}。", f"{NOT_IN_CITY.en}.")
    return Text(f"「{other}」は{NOT_IN_CITY.ja}。", f"“{other}”: {NOT_IN_CITY.en.lower()}.")
