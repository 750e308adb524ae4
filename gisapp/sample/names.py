"""Names of the made-up city: towns, streets, people. Japanese with kana; English by transcription.

The names of people are put together from surnames that nobody bears, so that no row can be mistaken for a real owner.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

CITY_JA, CITY_EN, CITY_CODE = "青葉野市", "Aobano", "999997"
PREFECTURE_JA, PREFECTURE_CODE = "架空県", "99"


@dataclass(frozen=True)
class Name:
    """A name in Japanese and its reading in katakana."""

    ja: str
    kana: str

    @property
    def en(self) -> str:
        """The name in Latin letters (Hepburn, long vowels not marked)."""
        return romaji(self.kana)

    def __add__(self, other: Name) -> Name:
        return Name(self.ja + other.ja, self.kana + other.kana)


@cache
def _names(text: str) -> tuple[Name, ...]:
    pairs = [item.split("=") for item in text.split()]
    return tuple(Name(ja, kana) for ja, kana in pairs)


_CENTRE = """本町=ホンチョウ 中央=チュウオウ 栄町=サカエチョウ 元町=モトマチ 大手=オオテ 旭町=アサヒチョウ 寿町=コトブキチョウ
末広=スエヒロ 常盤町=トキワチョウ 相生町=アイオイチョウ 錦町=ニシキチョウ 千歳町=チトセチョウ 曙町=アケボノチョウ 幸町=サイワイチョウ"""
_OLD = """宮前=ミヤマエ 寺町=テラマチ 天神=テンジン 八幡=ヤハタ 稲荷=イナリ 鍛冶町=カジチョウ 紺屋町=コンヤチョウ 大工町=ダイクチョウ
橋本=ハシモト 柳町=ヤナギチョウ 川端=カワバタ 新宿=シンシュク 上町=カミチョウ 下町=シモチョウ 仲町=ナカチョウ 神明=シンメイ"""
_HOMES = """緑町=ミドリチョウ 桜木=サクラギ 若葉=ワカバ 泉町=イズミチョウ 松原=マツバラ 梅園=ウメゾノ 花園=ハナゾノ 藤野=フジノ
萩原=ハギハラ 高砂=タカサゴ 東町=ヒガシチョウ 西町=ニシチョウ 南町=ミナミチョウ 北町=キタチョウ 平和町=ヘイワチョウ 美園=ミソノ"""
_NEW = """青葉台=アオバダイ 緑ヶ丘=ミドリガオカ 桜台=サクラダイ 若葉台=ワカバダイ 希望ヶ丘=キボウガオカ 光が丘=ヒカリガオカ
富士見台=フジミダイ 学園町=ガクエンチョウ 星ヶ丘=ホシガオカ 美しが丘=ウツクシガオカ 平成町=ヘイセイチョウ"""
_WORKS = "工業団地=コウギョウダンチ 新産=シンサン 港町=ミナトチョウ 東工業=ヒガシコウギョウ"
_FARM = """沖田=オキタ 新田=シンデン 上原=ウエハラ 下原=シモハラ 沼田=ヌマタ 鷺沼=サギヌマ 鮎川=アユカワ 鯉淵=コイブチ 大島=オオシマ
小島=コジマ 堤下=ツツミシタ 渡場=ワタシバ 中野=ナカノ 鶴見=ツルミ 亀岡=カメオカ 竹原=タケハラ 桑原=クワハラ 榎戸=エノキド 砂原=スナハラ"""
_HILL = "城山=シロヤマ 奥沢=オクサワ 山口=ヤマグチ 石坂=イシザカ 清水=シミズ 滝沢=タキザワ 峰=ミネ 大久保=オオクボ 谷津=ヤツ 小倉=オグラ"

_ROOTS = """青=アオ 赤=アカ 朝日=アサヒ 石=イシ 稲=イナ 梅=ウメ 榎=エノキ 大=オオ 柏=カシワ 金=カネ 菊=キク 霧=キリ 栗=クリ 黒=クロ
小=コ 桜=サクラ 笹=ササ 清=キヨ 白=シロ 杉=スギ 鈴=スズ 高=タカ 竹=タケ 月見=ツキミ 椿=ツバキ 鶴=ツル 永=ナガ 楢=ナラ 花=ハナ
平=ヒラ 深=フカ 藤=フジ 星=ホシ 松=マツ 水=ミズ 宮=ミヤ 紅葉=モミジ 柳=ヤナギ 吉=ヨシ 若=ワカ"""
_ENDINGS = {
    "homes": "町=チョウ 島=シマ 木=ギ 井=イ 里=サト 園=ゾノ 宮=ミヤ 本=モト",
    "new": "台=ダイ ヶ丘=ガオカ が丘=ガオカ 美台=ミダイ ニュータウン=ニュータウン",
    "farm": "田=タ 原=ハラ 沼=ヌマ 塚=ツカ 久保=クボ 畑=ハタ 野=ノ 島=シマ",
    "hill": "山=ヤマ 沢=サワ 坂=ザカ 谷=ヤ 倉=クラ 峰=ミネ 尾=オ",
}
_PREFIXES = "東=ヒガシ 西=ニシ 南=ミナミ 北=キタ 上=カミ 下=シモ 中=ナカ 新=シン 元=モト 奥=オク"
_KINDS = {
    "commercial": (_CENTRE, "homes"),
    "old": (_OLD, "homes"),
    "residential": (_HOMES, "homes"),
    "new_town": (_NEW, "new"),
    "industry": (_WORKS, "farm"),
    "farm": (_FARM, "farm"),
    "forest": (_HILL, "hill"),
}
NUMERALS = "〇一二三四五六七八九"


def district_names(kinds: list[str], rng: np.random.Generator) -> list[Name]:
    """One name for each district, no two alike, fitting its kind (a key of FABRICS)."""
    used: set[str] = set()
    pools = {kind: _pool(listed, ending, rng) for kind, (listed, ending) in _KINDS.items()}
    names = []
    for kind in kinds:
        name = next(name for name in pools[kind] if name.ja not in used)
        used.add(name.ja)
        names.append(name)
    return names


def _pool(listed: str, ending: str, rng: np.random.Generator) -> Iterator[Name]:
    endings = _names(_ENDINGS[ending])
    made = [root + end for root in _names(_ROOTS) for end in endings]
    plain = [*_names(listed)] + [made[i] for i in rng.permutation(len(made))]
    wider = [prefix + name for name in plain for prefix in _names(_PREFIXES)]
    return iter(plain + [wider[i] for i in rng.permutation(len(wider))])


def chome(name: Name, number: int) -> Name:
    """本町 → 本町一丁目; number 0 means that the town is not divided."""
    if number == 0:
        return name
    return Name(f"{name.ja}{NUMERALS[number]}丁目", f"{name.kana}{number}チョウメ")


_SURNAME_HEADS = "虹=ニジ 霞=カスミ 雫=シズク 暁=アカツキ 澪=ミオ 紬=ツムギ 凪=ナギ 宵=ヨイ 灯=アカリ 空=ソラ 雲=クモ 露=ツユ 渚=ナギサ 楓=カエデ 梢=コズエ"
_SURNAME_TAILS = "ヶ瀬=ガセ 見沢=ミザワ 乃井=ノイ 木場=キバ 小路=コウジ 科田=シナダ 之宮=ノミヤ 戸部=トベ 野辺=ノベ 花井=ハナイ 倉田=クラタ 永原=ナガハラ"
_GIVEN = """太郎=タロウ 次郎=ジロウ 花子=ハナコ 一郎=イチロウ 健=ケン 誠=マコト 勇=イサム 進=ススム 明=アキラ 茂=シゲル 和子=カズコ
幸子=サチコ 恵=メグミ 美咲=ミサキ 陽菜=ヒナ 結衣=ユイ 大輔=ダイスケ 翔太=ショウタ 直樹=ナオキ 由美=ユミ 久美子=クミコ 千代=チヨ 正=タダシ 隆=タカシ"""


def people(rng: np.random.Generator, count: int) -> NDArray[np.object_]:
    """Names of `count` invented people, surname and given name apart by a full-width space."""
    everybody = _everybody()
    return np.asarray(everybody[rng.integers(everybody.size, size=count)])


@cache
def _everybody() -> NDArray[np.object_]:
    surnames = [head.ja + tail.ja for head in _names(_SURNAME_HEADS) for tail in _names(_SURNAME_TAILS)]
    return np.array(
        [f"{surname}　{name.ja}" for surname in surnames for name in _names(_GIVEN)], dtype=object
    )


_STREETS = """けやき通り=ケヤキドオリ さくら通り=サクラドオリ いちょう並木通り=イチョウナミキドオリ 市役所通り=シヤクショドオリ 学園通り=ガクエンドオリ
中央大通り=チュウオウオオドオリ 川の手通り=カワノテドオリ みどり大通り=ミドリオオドオリ 富士見通り=フジミドオリ 八幡通り=ハチマンドオリ
もみじ通り=モミジドオリ はなみずき通り=ハナミズキドオリ 平和通り=ヘイワドオリ 青葉大通り=アオバオオドオリ かえで通り=カエデドオリ"""


def street_names() -> tuple[Name, ...]:
    """By-names that some first-class city roads have."""
    return _names(_STREETS)


_SYLLABLES = {
    **dict(zip("アイウエオカキクケコ", "a i u e o ka ki ku ke ko".split(), strict=True)),
    **dict(zip("サシスセソタチツテト", "sa shi su se so ta chi tsu te to".split(), strict=True)),
    **dict(zip("ナニヌネノハヒフヘホ", "na ni nu ne no ha hi fu he ho".split(), strict=True)),
    **dict(
        zip(
            "マミムメモヤユヨラリルレロワン",
            "ma mi mu me mo ya yu yo ra ri ru re ro wa n".split(),
            strict=True,
        )
    ),
    **dict(zip("ガギグゲゴザジズゼゾ", "ga gi gu ge go za ji zu ze zo".split(), strict=True)),
    **dict(zip("ダヂヅデドバビブベボ", "da ji zu de do ba bi bu be bo".split(), strict=True)),
    **dict(zip("パピプペポ", "pa pi pu pe po".split(), strict=True)),
}


def romaji(kana: str) -> str:
    """Katakana in Latin letters (Hepburn; long vowels not marked), the first letter a capital."""
    letters = ""
    for i, sign in enumerate(kana):
        if sign in "ャュョ" and letters:
            stem = letters[:-1] if letters.endswith("i") else letters
            letters = (
                stem
                + ("" if stem[-2:] in {"sh", "ch"} or stem[-1:] == "j" else "y")
                + "auo"["ャュョ".index(sign)]
            )
        elif sign == "ッ" and i + 1 < len(kana):
            letters += _SYLLABLES.get(kana[i + 1], "t")[0]
        elif sign != "ー":
            letters += _SYLLABLES.get(sign, sign)
    return letters.replace("ou", "o").replace("oo", "o").replace("uu", "u").capitalize()
