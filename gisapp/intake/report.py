"""What came of a file: counts, reference systems, columns, differences and every problem; for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from gisapp.catalogue.layer import Layer, Text
from gisapp.geo.crs import Transformation, describe
from gisapp.geo.readings import Reading
from gisapp.intake.choice import Choice
from gisapp.intake.draft import DRAFT, Fit
from gisapp.intake.problem import ERROR, LEVELS, REPAIR, Findings, Problem

ROWS_KEPT = 1000  # of each problem, where a report is kept in the database


@dataclass
class Report:
    """Filled while a file goes through; complete when `load.load_file` returns or refuses."""

    file: str
    layer: Layer | None  # None: not known, and too little was read to draft one
    mode: str
    dry_run: bool = False
    ok: bool = False
    asks: str = ""  # what an answer would settle: layer, crs, part, only, places, position
    choices: list[Choice] = field(default_factory=list)
    fits: list[Fit] = field(
        default_factory=list
    )  # for a draft: layers of the catalogue that the file may belong to
    draft: str = ""  # layer.toml of a new layer for the file, where no layer was named
    format: str = ""
    encoding: str = ""
    encoding_from: Text | None = None
    transformation: Transformation | None = None
    system_from: Text | None = None
    reading: Reading | None = None
    columns: dict[str, str] = field(default_factory=dict)  # column of the file → field
    constants: dict[str, str] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)
    read: int = 0
    loaded: int = 0
    dropped: int = 0
    repaired: int = 0
    geocoded: dict[str, Any] | None = None  # of a table of addresses: rows by match level
    bounds: tuple[float, float, float, float] | None = None  # longitude, latitude of the rows to be loaded
    difference: dict[str, int] | None = None
    revision: int | None = None
    seconds: float = 0.0
    seen: str = (
        ""  # the snapshot of the database that `difference` was computed after, where rows stay staged
    )
    findings: Findings = field(default_factory=Findings)

    @property
    def is_draft(self) -> bool:
        """Whether the layer is no layer of the catalogue, but made of the file."""
        return self.layer is None or self.layer.department == DRAFT

    @property
    def outcome(self) -> str:
        """load, load_with_repairs (rows dropped or values changed), ask (a question has to be answered) or refuse."""
        if self.ok:
            changed = self.dropped or self.findings.of(REPAIR)
            return "load_with_repairs" if changed else "load"
        return "ask" if self.asks and not self.errors else "refuse"

    @property
    def errors(self) -> list[Problem]:
        """Why the file is refused; empty for one that is not."""
        return self.findings.of(ERROR)

    def as_json(self, most_rows: int | None = None) -> dict[str, Any]:
        """The whole report; `most_rows` limits how many rows each problem lists (its count stays whole)."""
        return {
            "ok": self.ok,
            "outcome": self.outcome,
            "asks": self.asks or None,
            "choices": [choice.as_json() for choice in self.choices],
            "file": self.file,
            "layer": None if self.layer is None or self.is_draft else self.layer.id,
            "layer_title": self.layer.title.ja if self.layer else None,
            "geometry": self.layer.geometry if self.layer else None,
            "fits": [
                {"layer": fit.layer.id, "share": fit.share, "missing": list(fit.missing)} for fit in self.fits
            ],
            "draft": self.draft or None,
            "mode": self.mode,
            "dry_run": self.dry_run,
            "revision": self.revision,
            "rows": {
                "read": self.read,
                "loaded": self.loaded,
                "dropped": self.dropped,
                "repaired": self.repaired,
            },
            "geocoded": self.geocoded,
            "difference": self.difference,
            "format": self.format or None,
            "encoding": self.encoding or None,
            "crs": self._systems(),
            "columns": self.columns,
            "set": self.constants,
            "ignored_columns": self.ignored,
            "bounds": [round(v, 7) for v in self.bounds] if self.bounds else None,
            "problems": [problem.as_json(most_rows) for problem in self.findings],
            "seconds": round(self.seconds, 3),
        }

    def _systems(self) -> dict[str, Any] | None:
        if self.transformation is None:
            return None
        source, target = self.transformation.source, self.transformation.target
        return {
            "source": describe(source, "en"),
            "source_ja": describe(source, "ja"),
            "source_epsg": source.to_epsg(),
            "source_from": self.system_from.en if self.system_from else None,
            "target": describe(target, "en"),
            "target_ja": describe(target, "ja"),
            "target_epsg": target.to_epsg(),
            "transformation": self.transformation.name,
            "accuracy_m": self.transformation.accuracy,
        }

    def lines(self) -> Iterator[str]:
        """The report to read: Japanese first, English after it."""
        yield self._heading()
        yield from self._how_it_was_read()
        for problem in self.findings:
            ja, en = LEVELS[problem.level]
            yield f"  {ja}：{problem.line('ja')}"
            yield f"    {en} [{problem.code}]: {problem.line('en')}"
        for number, choice in enumerate(self.choices, 1):
            yield f"  候補{number}　{choice.line('ja')}"
            yield f"    candidate {number}: {choice.line('en')}"
        yield self._ending()
        yield from self._proposals()

    def _heading(self) -> str:
        if self.layer is None:
            return self.file
        if self.is_draft:
            return f"{self.file} → 新しいレイヤーの案 / draft of a new layer（{self.layer.geometry}）"
        return f"{self.file} → {self.layer.title.ja} / {self.layer.title.en} ({self.layer.id})"

    def _proposals(self) -> Iterator[str]:
        for fit in self.fits:
            lacks = f"（必須の {'、'.join(fit.missing)} がありません）" if fit.missing else ""
            yield f"  既存のレイヤーに入れる / into a known layer: --layer {fit.layer.id}　{fit.layer.title.ja}（列の {fit.share:.0%}）{lacks}"
        if self.is_draft and self.ok and self.dry_run:
            yield "  新しいレイヤーにする / as a new layer: --new 部署.名前 （例 / such as --new roads.guard_rail）"

    def _how_it_was_read(self) -> Iterator[str]:
        if self.format:
            codec = (
                f" · {self.encoding}（{self.encoding_from}）" if self.encoding and self.encoding_from else ""
            )
            yield f"  形式 / format: {self.format}{codec}"
        if self.transformation is not None:
            t = self.transformation
            how = f"（{self.system_from}）" if self.system_from else ""
            yield f"  座標系 / reference system: {describe(t.source)}{how} → {describe(t.target)}"
            accuracy = "不明 / unknown" if t.accuracy is None else f"{t.accuracy:g} m"
            yield f"  変換 / transformation: {t.name}；精度 / accuracy {accuracy}"
        if self.columns or self.constants:
            pairs = [f"{column}→{name}" for column, name in self.columns.items()]
            yield f"  項目 / columns: {', '.join(pairs + [f'{k}={v}' for k, v in self.constants.items()])}"

    def _ending(self) -> str:
        if self.outcome == "ask":
            return "→ 確認が必要です。データベースは変わっていません。 / A question has to be answered; nothing was changed."
        if not self.ok:
            return "→ 読み込みませんでした。データベースは変わっていません。 / Refused; nothing was changed."
        counts = (
            f"読込 / read {self.read:,} · 登録 / loaded {self.loaded:,} · 除外 / dropped {self.dropped:,}"
        )
        counts += f" · 修正 / repaired {self.repaired:,}"
        if self.difference is not None:
            d = self.difference
            counts += f"\n  追加 / added {d['added']:,} · 変更 / changed {d['changed']:,}"
            counts += f" · 削除 / removed {d['removed']:,} · 同じ / unchanged {d['unchanged']:,}"
        said = (
            "試行のみ（変更なし） / dry run, nothing changed"
            if self.dry_run
            else f"リビジョン / revision {self.revision}"
        )
        return f"  {counts}\n→ {said}（{self.seconds:.1f} s）"
