"""The words of `/ogc/` in both languages."""

from __future__ import annotations

WORDS = {
    "ja": {
        "title": "{city}の地理空間データ",
        "about": "{city}の地図データを OGC API – Features で配信します。",
        "collections": "データの一覧",
        "conformance": "適合する規格",
        "api": "API 定義（OpenAPI 3.0）",
        "items": "{layer}の地物",
        "collection": "{layer}について",
        "queryables": "絞り込みに使える項目",
        "tiles_vector": "ベクトルタイル",
        "tiles_map": "画像タイル",
        "matrix_sets": "タイルの区画",
        "next": "次のページ",
        "top": "入口",
        "this": "このページ",
        "other_form": "別の形式",
    },
    "en": {
        "title": "Geospatial data of {city}",
        "about": "Map data of {city}, served by OGC API – Features.",
        "collections": "The collections",
        "conformance": "Standards conformed to",
        "api": "Definition of the API (OpenAPI 3.0)",
        "items": "Features of {layer}",
        "collection": "About {layer}",
        "queryables": "What filters may speak of",
        "tiles_vector": "Vector tiles",
        "tiles_map": "Picture tiles",
        "matrix_sets": "Tile matrix sets",
        "next": "Next page",
        "top": "Start",
        "this": "This document",
        "other_form": "The same in another form",
    },
}
