"""Files with several layers or data sets: the person names one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from gisapp.intake.choice import Choice
from gisapp.intake.problem import Problem, refuse


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
