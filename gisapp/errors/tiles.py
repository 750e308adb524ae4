"""Tiles made ahead of requests: seeding and bundles."""

from __future__ import annotations

from gisapp.errors.base import GisappError


class SeedingStopped(GisappError):
    status = 507
    code = "seeding-stopped"
    ja = "タイルの先読みを途中でやめました：{why_ja}"
    en = "Seeding was stopped: {why_en}"
    do_ja = "ディスクの空きと GISAPP_TILE_CACHE_MB を確かめるか、--zoom や --layer で範囲を狭めて、もう一度実行してください（済んだ分はとばします）。"
    do_en = "See how much the disk and GISAPP_TILE_CACHE_MB allow, or ask for less with --zoom or --layer, and run it again (what is kept is skipped)."


class BundleRefused(GisappError):
    status = 409
    code = "bundle-refused"
    ja = "タイルをまとめたファイルを作れません：{why_ja}"
    en = "The bundle cannot be written: {why_en}"
    do_ja = "書き込み先と、--layer・--zoom の指定を確かめてください。前からあるファイルは元のままです。"
    do_en = (
        "See where it is to be written and what --layer and --zoom say. A file that was there is as it was."
    )


class DataReplaced(GisappError):
    status = 409
    code = "data-replaced"
    ja = "作業中に、レイヤーのデータが丸ごと入れ替えられました：{layers}"
    en = "The data of layers were replaced as a whole meanwhile: {layers}"
    do_ja = "もう一度実行してください。新しいデータで作り直します。前からあるファイルは元のままです。"
    do_en = "Run it again: it will hold the new data. A file that was there is as it was."


class CacheUnreadable(GisappError):
    code = "cache-unreadable"
    ja = "タイルの置き場所を読めません：{why_ja}"
    en = "The tile cache cannot be read: {why_en}"
    do_ja = "サーバーは壊れたファイルを自分で作り直します。動いていないときは GISAPP_HOME の tiles フォルダを消してかまいません。"
    do_en = "The server replaces a damaged file by itself. Where none is running, the folder tiles in GISAPP_HOME may be removed."
