"""Files that come in."""

from __future__ import annotations

from gisapp.errors.base import GisappError


class FileRefused(GisappError):
    """Nothing was changed; `problems` (gisapp.intake.problem.Problem) say where."""

    status = 422
    code = "file-refused"
    ja = "ファイル「{file}」は読み込めません：{why_ja}"
    en = "The file “{file}” cannot be loaded: {why_en}"
    do_ja = "{do_ja}"
    do_en = "{do_en}"


class TownsRefused(GisappError):
    status = 422
    code = "towns-refused"
    ja = "「{file}」は町字の一覧として読み込めません：{why_ja}。"
    en = "“{file}” cannot be read as a list of towns: {why_en}."
    do_ja = "アドレス・ベース・レジストリの町字マスター、町丁目と緯度経度の CSV・JSON、位置参照情報の CSV・zip のどれかを指定してください。"
    do_en = "Give the town master of the Address Base Registry, a CSV or JSON of towns with coordinates, or the position reference information."


class ColumnNotFound(GisappError):
    status = 422
    code = "column-not-found"
    ja = "「{file}」に住所の列が見つかりません。ある列：{columns}"
    en = "“{file}” has no column of addresses that could be told. It has: {columns}"
    do_ja = "`--column 列名` で住所の列を指定してください（複数なら並べた順につなぎます）。"
    do_en = "Name it with `--column`; several are joined in their order."


class TableRefused(GisappError):
    status = 422
    code = "table-refused"
    ja = "「{file}」に位置を付けられません：{why_ja}。"
    en = "No places can be put into “{file}”: {why_en}."
    do_ja = "見出しの行がある CSV と、それとは別の書き出し先を指定してください。"
    do_en = "Give a CSV with a row of headings, and another file to write to."


class UploadNotFound(GisappError):
    status = 404
    code = "upload-not-found"
    ja = "アップロード {id} はありません。"
    en = "There is no upload {id}."
    do_ja = "番号を確かめてください。"
    do_en = "Check the number."


class UploadState(GisappError):
    status = 409
    code = "upload-state"
    ja = "アップロード {id} は「{state}」なので、この操作はできません。"
    en = "Upload {id} is “{state}”; this cannot be done to it."
    do_ja = "`GET /api/uploads/{id}` で状態を確かめてください。"
    do_en = "See its state with `GET /api/uploads/{id}`."


class OffsetWrong(GisappError):
    status = 409
    code = "offset-wrong"
    ja = "アップロード {id} は {offset} バイトまで届いています。続きはそこからです。"
    en = "{offset} bytes of upload {id} are there; go on from that."
    do_ja = "`Upload-Offset: {offset}` を付けて、その位置から送ってください。"
    do_en = "Send the bytes from there on, with `Upload-Offset: {offset}`."
