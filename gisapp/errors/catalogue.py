"""The layer folders, and making the database fit them."""

from __future__ import annotations

from gisapp.errors.base import GisappError


class CatalogueInvalid(GisappError):
    code = "catalogue-invalid"
    ja = "レイヤー定義に {count} 件の誤りがあります。\n{problems}"
    en = "The layer folders hold {count} mistakes.\n{problems}"
    do_ja = "`gisapp layers check` で一覧を見て、直してください。"
    do_en = "See the list with `gisapp layers check` and correct them."


class LayerNotFound(GisappError):
    """Also the answer for a layer that the person may not see: hidden and missing answer alike."""

    status = 404
    code = "layer-not-found"
    ja = "レイヤー「{layer}」はありません。"
    en = "There is no layer “{layer}”."
    do_ja = "レイヤーの一覧は /ogc/collections にあります。庁内限りのレイヤーはログインすると使えます。"
    do_en = "The layers are listed at /ogc/collections. Staff layers need you to sign in."


class DepartmentNotFound(GisappError):
    status = 404
    code = "department-not-found"
    ja = "部署「{department}」の地図はありません。"
    en = "There is no map of a department “{department}”."
    do_ja = "地図の一覧（/）から選んでください。"
    do_en = "Choose from the list of maps at /."


class SyncRefused(GisappError):
    status = 409
    code = "sync-refused"
    ja = "レイヤー定義に合わせると、次のデータが失われます：{losses}"
    en = "Following the layer folders would lose data: {losses}"
    do_ja = '名前を変えただけなら layer.toml に `was = "旧名"` を書き、消してよいなら `--allow-drop` を付けてください。'
    do_en = 'If it was renamed, write `was = "old_name"` in layer.toml; to lose the data, add `--allow-drop`.'


class SyncStopped(GisappError):
    status = 409
    code = "sync-stopped"
    ja = "レイヤー定義に合わせられません（{step}）：{why_ja}"
    en = "The database cannot be made to fit the layer folders ({step}): {why_en}"
    do_ja = "何も変わっていません。データを直してからやり直すか、layer.toml を元に戻してください。"
    do_en = "Nothing was changed. Put the data right and try again, or take the change in layer.toml back."
