"""What a query says before anything is looked up: which city it means, and what of it is left to find.

Whoever names another city or prefecture is never given a lookalike of this one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from gisapp.settings import City
from gisapp.text.matching import match_key

LONGEST_QUERY = 200  # characters
OWN, OTHER, UNSAID = "own", "other", "unsaid"

PREFECTURES = tuple(
    "北海道 青森県 岩手県 宮城県 秋田県 山形県 福島県 茨城県 栃木県 群馬県 埼玉県 千葉県 東京都 神奈川県 新潟県 富山県 石川県 福井県 "
    "山梨県 長野県 岐阜県 静岡県 愛知県 三重県 滋賀県 京都府 大阪府 兵庫県 奈良県 和歌山県 鳥取県 島根県 岡山県 広島県 山口県 徳島県 "
    "香川県 愛媛県 高知県 福岡県 佐賀県 長崎県 熊本県 大分県 宮崎県 鹿児島県 沖縄県".split()
)
"""By their JIS code, from 1."""
# What follows 市 or 区 in the name of something of the city: 市役所, 市立図書館; but 東大和市立野 is the town 立野.
_ITS_OWN = "役[所場]|民[会館体病公文劇球ほぷせす交活農]|営[住球ぷ野ぐ斎霊]|長[公室]|場$|街地|道[0-9a-z]|政|画整|立(?:[小中高図病保幼体美博総第公文歴児老福診看養特工商女音動植運陸]|野球)"
_POSTAL = re.compile(r"^〒?[0-9]{3}-?[0-9]{4}(?=[^0-9-])\|?|^〒")
_PREFECTURE = re.compile("|".join(match_key(name) for name in PREFECTURES))
_CITY = re.compile(r"((?:(?!丁目)[^-]){1,7}?(?:郡[^0-9-]{1,6}?[町村]|[市区](?!" + _ITS_OWN + r")))")
_ANY_MUNICIPALITY = re.compile(r"((?:(?!丁目)[^-]){1,7}?[市区町村])")


@dataclass(frozen=True)
class Reading:
    """key: the whole query as a key; rest: what is left after postal code, prefecture and city.

    city: OWN, OTHER or UNSAID. other: the city or prefecture named that is not this one, as a key. query: as it was written.
    """

    key: str
    rest: str
    city: str
    other: str = ""
    query: str = ""
    doubtful: bool = False


class Reader:
    """Reads queries of one city."""

    def __init__(self, city: City) -> None:
        number = int(city.code[:2])
        known = PREFECTURES[number - 1] if 1 <= number <= len(PREFECTURES) else ""
        self.prefecture = match_key(known) if known else ""
        own = [city.name_ja.split("（")[0], *city.former_names]
        names = sorted((match_key(name) for name in own), key=len, reverse=True)
        self._own_names = names
        self._names = [re.compile(rf"(?:[^0-9-]{{1,4}}郡)?{re.escape(name)}(?!{_ITS_OWN})") for name in names]

    def read(self, query: str) -> Reading:
        """Split a query. It may be empty afterwards; coordinates are not its business."""
        key = match_key(query)
        rest = _POSTAL.sub("", key)
        stated = _PREFECTURE.match(rest)
        if stated and self._own(rest) == 0:
            if stated[0] != self.prefecture:
                return Reading(key, rest, OTHER, self._other(rest, stated), query)
            rest = rest[stated.end() :]
        elif rest[:3] == "架空県":  # the made-up city's
            rest = rest[3:]
        length = self._own(rest)
        if length:
            return Reading(key, rest[length:], OWN)
        pattern = _ANY_MUNICIPALITY if stated else _CITY
        other = pattern.match(rest)
        if other:
            return Reading(key, rest, OTHER, other[1], query, doubtful=not stated and "郡" not in other[1])
        return Reading(key, rest, UNSAID)

    def without_city(self, key: str) -> str:
        """A facility's name without its city: 青葉野市立図書館 is the 図書館 here."""
        name = next((one for one in self._own_names if key.startswith(one)), "")
        return (key[len(name) :].removeprefix("立").removeprefix("営") if name else key) or key

    def _own(self, rest: str) -> int:
        """How many characters name this city: not where they begin a longer name (青葉野市役所)."""
        return next((found.end() for name in self._names if (found := name.match(rest))), 0)

    def _other(self, rest: str, stated: re.Match[str]) -> str:
        city = _ANY_MUNICIPALITY.match(rest, stated.end())
        return stated[0] + (city[1] if city else "")


@lru_cache(maxsize=8)
def reader_of(city: City) -> Reader:
    """The reader of a city, made once."""
    return Reader(city)
