"""The README's charts, drawn from bench/results: docs/images/bench-*.svg. Japanese first, English after it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from bench.svg import Drawing

WIDTH = 860
Row = Mapping[str, Any]
SERVERS = {"gisapp": "a", "tipg": "b", "MapServer": "c", "martin's SQL": "d", "pygeoapi": "e"}
STEPS_MS = (5, 10, 20, 35)  # between the colours of the table of cold tiles


def cold(result: Row) -> str:
    """Every layer and zoom as a table: p95 in milliseconds."""
    rows = result["rows"]
    zooms = sorted({row["zoom"] for row in rows})
    layers = list(dict.fromkeys(row["layer"] for row in rows))
    picture = _begin(
        "初めて求められたタイル、p95（ミリ秒）", "cold tiles, p95 in milliseconds, by layer and zoom"
    )
    left, cell = 190, (WIDTH - 200) / len(zooms)
    for column, zoom in enumerate(zooms):
        picture.text(left + (column + 0.5) * cell, 66, f"z{zoom}", "small faint middle")
    places = {(row["layer"], row["zoom"]): row for row in rows}
    for line, layer in enumerate(layers):
        y = 74 + 20 * line
        picture.text(left - 8, y + 14, layer, "small end")
        for column, zoom in enumerate(zooms):
            row = places.get((layer, zoom))
            if row:
                _cell(picture, left + column * cell, y, cell, row)
    low = 92 + 20 * len(layers)
    picture.text(left, low, "「!」は 50 ミリ秒を超えたもの / ! marks what is above 50 ms", "small faint")
    return picture.done()


def _cell(picture: Drawing, x: float, y: float, width: float, row: Row) -> None:
    milliseconds, miss = row["p95_ms"], row["p95_ms"] > 50
    shade = "miss" if miss else f"h{sum(milliseconds > step for step in STEPS_MS)}"
    says = f"{row['layer']} z{row['zoom']}: p95 {milliseconds} ms, {row['max_bytes']:,} bytes at most, {row['n']} tiles"
    picture.rect(x + 1, y + 1, width - 2, 18, shade, says)
    words = f"{milliseconds:.0f}" + (" !" if miss else "")
    ink = "on night" if miss else "on" if shade in ("h3", "h4") else ""
    picture.text(x + width / 2, y + 14, words, f"small middle {ink}".strip())


def peers(result: Row) -> str:
    """Medians beside the peers on a logarithmic scale, a group for each layer and zoom."""
    picture = _begin(
        "同じ表・同じ列・同じ分に、ほかのサーバーと（中央値、対数目盛）",
        "beside other servers: the same tables, columns and minute (median ms, logarithmic)",
    )
    y = _legend(picture, SERVERS, 70)
    return _bars(picture, result["rows"], list(SERVERS), y).done()


def low(result: Row) -> str:
    """Low zooms beside tipg on the raw table."""
    picture = _begin(
        "小さい縮尺：gisapp と、元の表をそのまま出す tipg（中央値、対数目盛）",
        "low zooms: gisapp, and tipg serving the raw table (median ms, logarithmic)",
    )
    y = _legend(picture, {name: SERVERS[name] for name in ("gisapp", "tipg")}, 70)
    return _bars(picture, result["low"], ["gisapp", "tipg"], y).done()


def _legend(picture: Drawing, names: Mapping[str, str], y: float) -> float:
    x = 190.0
    for name, shade in names.items():
        picture.rect(x, y - 10, 12, 12, shade)
        picture.text(x + 17, y, name, "small")
        x += 45 + 7.2 * len(name)
    return y + 18


def _bars(picture: Drawing, rows: list[Row], names: list[str], y: float) -> Drawing:
    left, wide = 190, WIDTH - 290
    top = max(row[name]["p50_ms"] for row in rows for name in names if name in row)
    scale = wide / math.log10(max(top, 10))
    for row in rows:
        picture.text(left - 8, y + 14, f"{row['layer']} z{row['zoom']}", "small end")
        for name in (name for name in names if name in row):
            value = row[name]["p50_ms"]
            length = scale * max(math.log10(max(value, 1.0)), 0)
            says = (
                f"{name}: p50 {value} ms, p95 {row[name]['p95_ms']} ms, {row[name].get('bytes', '?')} bytes"
            )
            picture.rect(left, y + 2, length, 13, SERVERS[name], says)
            late = "> " if row[name].get("not_in_time") else ""  # its statement was ended then
            picture.text(left + length + 5, y + 13, late + _milliseconds(value), "small")
            y += 15
        y += 7
    return picture


def hits(result: Row) -> str:
    """Requests a second of each kind of asker, the constant, and what is to be reached."""
    picture = _begin(
        "キャッシュ済みタイル 1,000 枚への要求、毎秒（未作成のタイルを常に 8 件処理しながら）",
        "hits on 1,000 different tiles, requests a second, while eight cold requests are always running",
    )
    names = {"visitor": "来訪者 / visitor", "session": "職員 / signed in", "token": "トークン / token"}
    bars = [(names[row["asker"]], row["gisapp"], "a") for row in result["rows"]]
    bars += [("定数の応答 / constant body", result["rows"][0]["constant"], "d")]
    bars += [("同じプロセスで / within gisapp", result["rows"][0]["constant_within"], "e")]
    reach = result["reach"]["per_second"]
    left, wide = 230, WIDTH - 460
    top = max(reach, *(run["per_second"] for _, run, _ in bars))
    y = 66.0
    for label, run, shade in bars:
        length = wide * run["per_second"] / top
        picture.text(left - 8, y + 16, label, "small end")
        picture.rect(left, y + 3, length, 18, shade)
        words = f"{run['per_second']:,}/s · p99 {_milliseconds(run['p99_ms'])} · {run['bytes_each'] / 1000:.1f} kB"
        picture.text(left + length + 6, y + 16, words, "small")
        y += 27
    x = left + wide * reach / top
    picture.line([(x, 62), (x, y)], "reach")
    picture.text(x, y + 14, f"目標 / to reach: {reach:,}/s", "small faint middle")
    return picture.done()


def edits(result: Row) -> str:
    """How many of the edits were in every worker's tile after how long."""
    picture = _begin(
        "編集の確定から、どのワーカーのタイルも新しくなるまで",
        "from an edit's commit to a fresh tile on every worker",
    )
    left, right, top, bottom = 60, WIDTH - 30, 70, 290
    kinds = {
        True: ("line-a", "表を読むズーム / zooms that read the table"),
        False: ("line-b", "総描のズーム / generalised zooms"),
    }
    scale = (right - left) / 4  # 1 ms to 10 s

    def across(milliseconds: float) -> float:
        return left + scale * min(max(math.log10(max(milliseconds, 1)), 0), 4)

    for power in range(5):
        x = across(10**power)
        picture.line([(x, top), (x, bottom)], "grid")
        picture.text(x, bottom + 16, _milliseconds(10**power), "small faint middle")
    for share in (0, 0.5, 0.95, 1):
        y = bottom - (bottom - top) * share
        picture.line([(left, y), (right, y)], "grid")
        picture.text(left - 6, y + 4, f"{share:.0%}", "small faint end")
    for limit in result["reach_ms"].values():
        picture.line([(across(limit), top), (across(limit), bottom)], "reach")
    for number, (table, (shade, label)) in enumerate(kinds.items()):
        times = sorted(
            t for row in result["rows"] if row["reads_the_table"] is table for t in row["latencies_ms"]
        )
        if times:
            height = (bottom - top) / len(times)
            points = [(across(t), bottom - height * (place + 1)) for place, t in enumerate(times)]
            picture.line([(points[0][0], bottom), *points], shade)
        picture.line([(left + 20 + 340 * number, 326), (left + 50 + 340 * number, 326)], shade)
        picture.text(left + 58 + 340 * number, 330, f"{label} ({len(times)})", "small")
    return picture.done()


def growth(result: Row) -> str:
    """p95 of every layer and zoom over the city's size."""
    picture = _begin(
        "市が大きくなっても（同じ密度、p95）",
        "as the city grows at equal density: p95 of every layer and zoom",
    )
    sizes, rows = result["sizes"], result["rows"]
    left, right, top, bottom = 60, WIDTH - 180, 70, 320
    highest = max(max(row["p95_ms"]) for row in rows)
    scale = (bottom - top) / math.log10(max(highest, 10))
    xs = [left + (right - left) * place / max(len(sizes) - 1, 1) for place in range(len(sizes))]
    for value in (1, 10, 100, 1000):
        if value <= highest:
            y = bottom - scale * math.log10(value)
            picture.line([(left, y), (right, y)], "grid")
            picture.text(left - 6, y + 4, _milliseconds(value), "small faint end")
    for x, size in zip(xs, sizes, strict=True):
        picture.text(x, bottom + 18, f"{size:,} 筆 / parcels", "small faint middle")
    steepest = sorted(rows, key=lambda row: -row["ratio"] if row["counts"] else 0)[:4]
    for row in rows:
        heights = [bottom - scale * math.log10(max(value, 1)) for value in row["p95_ms"]]
        name = f"{row['layer']} z{row['zoom']} ×{row['ratio']}"
        picture.line(list(zip(xs, heights, strict=True)), "line-a" if row in steepest else "line", name)
    for place, row in enumerate(steepest):
        picture.text(
            right + 10, top + 20 + 18 * place, f"{row['layer']} z{row['zoom']} ×{row['ratio']}", "small"
        )
    return picture.done()


def _begin(japanese: str, english: str) -> Drawing:
    picture = Drawing(WIDTH, f"{japanese} / {english}")
    picture.text(10, 22, japanese, "title")
    picture.text(10, 42, english, "faint")
    return picture


def _milliseconds(value: float) -> str:
    if value >= 1000:
        return f"{value / 1000:.3g} s"
    return f"{value:.3g} ms" if value < 100 else f"{value:.0f} ms"
