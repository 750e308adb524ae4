"""What a person is asked before rows are read: which of several layers is meant, where a table's rows lie."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from gisapp.intake.choice import Choice
from gisapp.intake.problem import WARNING, Problem, refuse
from gisapp.intake.source import Source


def refuse_several(names: list[str], part: str, found: Sequence[Problem] = ()) -> NoReturn:
    """Refuse a file with several data sets, or one without the `part` asked for. Raises errors.FileRefused."""
    listed = "、".join(names[:10]) + ("、…" if len(names) > 10 else "")
    if part:
        why = (
            f"「{part}」がありません（あるのは：{listed}）",
            f"there is no “{part}” in it (there are: {listed})",
        )
    else:
        why = (f"データが {len(names)} 組あります：{listed}", f"it holds {len(names)} data sets: {listed}")
    do = (
        f"どれか一つを `--part {names[0]}` のように指定してください。",
        f"Name one of them, as in `--part {names[0]}`.",
    )
    choices = [Choice("part", name, "ファイルの中のレイヤー", "a layer of the file") for name in names]
    refuse("several_layers", why, do, asks="part", choices=choices, found=found)


def no_position(names: Sequence[str]) -> Problem:
    """What is said of a table that has no coordinates."""
    listed = "、".join(names[:20])
    ja = f"緯度・経度の列がありません（列：{listed}）"
    return Problem(WARNING, "no_position", ja, f"it has no columns of latitude and longitude ({listed})")


def refuse_shapeless(source: Source) -> NoReturn:
    """Ask what to do with a table that has no coordinates. Raises errors.FileRefused."""
    said = no_position(source.columns)
    do = (
        "「緯度」「経度」という見出しの列を付けてください。",
        "Give it columns headed “latitude” and “longitude”.",
    )
    if source.unplaced:
        do = (
            f"「{source.unplaced}」の住所から位置を付けるには、町字や住居表示の一覧が要ります（管理者が `gisapp search import` で"
            "入れます）。入れてから読み込み直すか、「緯度」「経度」の列を付けてください。",
            f"To place its rows by the addresses in “{source.unplaced}”, lists of towns or houses are needed (the administrator "
            "puts them in with `gisapp search import`); load it again then, or give it columns of latitude and longitude.",
        )
    found = [problem for problem in source.problems if problem.code != said.code]
    refuse(said.code, (said.ja, said.en), do, asks="position", found=found)
