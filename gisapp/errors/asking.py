"""Requests: parameters, addresses, limits."""

from __future__ import annotations

from gisapp.errors.base import GisappError


class ParameterInvalid(GisappError):
    status = 400
    code = "parameter-invalid"
    ja = "{name} の値が正しくありません：{why_ja}"
    en = "The value of {name} is not right: {why_en}"
    do_ja = "値を直してもう一度お試しください。例：{example}"
    do_en = "Correct it and try again. Example: {example}"


class TileNotFound(GisappError):
    status = 404
    code = "tile-not-found"
    ja = "タイル {z}/{x}/{y} はこのレイヤーの範囲にありません。"
    en = "The tile {z}/{x}/{y} is outside this layer's range."
    do_ja = "ズームは {min_zoom}〜{max_zoom}、x と y は 0 以上 2 のズーム乗未満です。"
    do_en = "Zooms go from {min_zoom} to {max_zoom}; x and y from 0 to below two to the power of the zoom."


class MatrixSetNotFound(GisappError):
    status = 404
    code = "matrix-set-not-found"
    ja = "タイルの区画「{name}」はありません。"
    en = "There is no tile matrix set “{name}”."
    do_ja = "{known} を使ってください。一覧は /ogc/tileMatrixSets にあります。"
    do_en = "Use {known}. /ogc/tileMatrixSets lists those there are."


class WindowInvalid(GisappError):
    status = 400
    code = "window-invalid"
    ja = "その範囲は、この座標参照系では表せません。"
    en = "The reference system is not defined over that box."
    do_ja = "市の近くの範囲を指定してください。"
    do_en = "Ask for a box near the city."


class LayerNotPublic(GisappError):
    status = 403
    code = "layer-not-public"
    ja = "レイヤー「{layer}」は公開されていないため、外へ出すタイルには入れられません。"
    en = "The layer “{layer}” is not public and goes into no tiles that leave the house."
    do_ja = "`gisapp layers list` で see が public のレイヤーを確かめて、その中から選んでください。"
    do_en = "See `gisapp layers list` and choose among the layers that are public."


class DrawingFailed(GisappError):
    status = 503
    code = "drawing-failed"
    ja = "地図の画像を描けませんでした。"
    en = "The picture of the map could not be drawn."
    do_ja = "{seconds} 秒ほど待ってからもう一度お試しください。続くときは情報部門へ連絡してください（サーバーの記録に理由があります）。"
    do_en = "Wait about {seconds} seconds and try again. If it goes on, tell the information division: the server's log has the reason."


class ExportFailed(GisappError):
    status = 500
    code = "export-failed"
    ja = "{format} のファイルを書き出せませんでした。"
    en = "The {format} file could not be written."
    do_ja = "別の形式か、範囲を狭めてお試しください。続くときは情報部門へ連絡してください（サーバーの記録に理由があります）。"
    do_en = "Try another format or a smaller area. If it goes on, tell the information division: the server's log has the reason."


class FeatureNotFound(GisappError):
    status = 404
    code = "feature-not-found"
    ja = "レイヤー「{layer}」に番号 {id} の地物はありません。"
    en = "The layer “{layer}” has no feature {id}."
    do_ja = "/ogc/collections/{layer}/items で一覧を確かめてください。"
    do_en = "See /ogc/collections/{layer}/items for those there are."


class PageNotFound(GisappError):
    status = 404
    code = "page-not-found"
    ja = "このアドレスのページはありません。"
    en = "There is no page at this address."
    do_ja = "地図の一覧（/）からお進みください。"
    do_en = "Start from the list of maps at /."


class MethodNotAllowed(GisappError):
    status = 405
    code = "method-not-allowed"
    ja = "このアドレスではその操作はできません。"
    en = "This address does not take that method."
    do_ja = "使える操作は応答の Allow ヘッダーにあります。"
    do_en = "The Allow header of the answer names those it takes."


class RequestInvalid(GisappError):
    status = 400
    code = "request-invalid"
    ja = "リクエストの形が正しくありません。"
    en = "The request is not well formed."
    do_ja = "アドレスと送った内容を確かめてください。"
    do_en = "Check the address and what was sent."


class TooLarge(GisappError):
    status = 413
    code = "too-large"
    ja = "送られたデータが大きすぎます（上限 {limit_mb} MB）。"
    en = "What was sent is too large (at most {limit_mb} MB)."
    do_ja = "ファイルを分けるか、`gisapp load` でサーバー上から読み込んでください。"
    do_en = "Split the file, or load it on the server with `gisapp load`."


class RateLimited(GisappError):
    status = 429
    code = "rate-limited"
    ja = "この問い合わせは、1分間に {most} 回までです。"
    en = "This may be asked for {most} times a minute."
    do_ja = "{seconds} 秒待ってからもう一度お試しください。多くの地物は、1回の書き出し（/api/export）で受け取れます。足りないときは情報部門に相談してください。"
    do_en = "Wait {seconds} seconds and try again. Many features come with a single export (/api/export). If that is not enough, ask the information division."


class TooManyAtOnce(GisappError):
    status = 429
    code = "too-many-at-once"
    ja = (
        "一度に処理できる問い合わせは、一人（ログインしていないときは一つの接続元）につき {most} 件までです。"
    )
    en = "At most {most} requests of one person, or of one address without a sign-in, are worked on at once."
    do_ja = "前の問い合わせが終わってから、もう一度お試しください（{seconds} 秒ほどで空きます）。足りないときは情報部門に相談してください。"
    do_en = "Try again when those before have ended, in about {seconds} seconds. If that is not enough, ask the information division."


class TooMany(GisappError):
    status = 429
    code = "too-many-requests"
    ja = "短い間に何度も試されました。"
    en = "There were too many tries in a short time."
    do_ja = "{seconds} 秒ほど待ってからもう一度お試しください。"
    do_en = "Wait about {seconds} seconds and try again."
