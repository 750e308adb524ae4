"""Which columns of a table are taken for its addresses, and how parts of one are joined."""

from __future__ import annotations

import pytest

from gisapp.search.columns import address_columns

STANDARD = ("所在地_都道府県", "所在地_市区町村", "所在地_町字", "所在地_番地以下")


@pytest.mark.parametrize(
    ("headings", "read"),
    [
        ("名称 住所 町名 番地", ("住所", "町名", "番地")),
        ("ID 町名 番地 備考", ("町名", "番地")),
        ("町字ID 所在地_連結表記 " + " ".join(STANDARD), ("所在地_連結表記", *STANDARD)),
        ("所在 地番 地目", ("所在", "地番")),
        ("大字・町丁目 小字 地番", ("大字・町丁目", "小字", "地番")),
        ("町名 面積 番地", None),
        ("都道府県 市区町村", None),
        ("地番 町名", ("地番",)),
        ("名称 所在", ("所在",)),
    ],
)
def test_one_column_or_neighbours_that_make_an_address(headings: str, read: tuple[str, ...] | None) -> None:
    columns = address_columns(headings.split())
    assert (columns and columns.names) == read


@pytest.mark.parametrize(
    ("cells", "address"),
    [
        ({"町名": "本町", "丁目": "1", "番": "2", "号": "3"}, "本町1丁目2-3"),
        ({"町名": "本町", "丁目": "一丁目", "番": "2番", "号": "3号"}, "本町一丁目2番3号"),
        ({"町名": "本町二丁目", "丁目": "", "番": "本町二丁目4番地", "号": " "}, "本町二丁目4番地"),
        ({"住所": " ", "町名": "本町", "番地": "5"}, "本町5"),
        ({"住所": "中央6", "町名": "本町", "番地": "5"}, "中央6"),
    ],
)
def test_parts_are_joined_as_they_are_written(cells: dict[str, str], address: str) -> None:
    columns = address_columns(list(cells))
    assert columns is not None and columns.read(cells.__getitem__) == address
