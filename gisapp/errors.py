"""Everything that can go wrong, once: one class each, with its status, its sentence and what to do next.

No Flask here. `error_pages` turns these into a page, JSON (RFC 9457) or an OGC exception; the shell prints them.
A sentence never holds SQL, a path of the server or a host.
"""

from __future__ import annotations

from typing import ClassVar


class GisappError(Exception):
    """Base of all errors that a person may see.

    `values` fill the braces of the class's sentences; `detail` is one more line in the reader's language.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal-error"
    ja: ClassVar[str] = "内部で問題が起きました。"
    en: ClassVar[str] = "Something went wrong inside."
    do_ja: ClassVar[str] = "しばらくしてからもう一度お試しください。続くときは情報部門へ連絡してください。"
    do_en: ClassVar[str] = "Try again in a while. If it goes on, tell the information division."

    def __init__(self, **values: object) -> None:
        self.values = values
        super().__init__(self.sentence("en"))

    def sentence(self, lang: str = "ja") -> str:
        """What happened, in Japanese (`ja`) or English (anything else)."""
        return (self.ja if lang == "ja" else self.en).format_map(_Known(self.values))

    def remedy(self, lang: str = "ja") -> str:
        """What to do next."""
        return (self.do_ja if lang == "ja" else self.do_en).format_map(_Known(self.values))


class _Known(dict[str, object]):
    """Leaves a brace empty rather than failing while reporting a failure."""

    def __missing__(self, key: str) -> str:
        return "?"


# -- setting up -----------------------------------------------------------------------------------------------


class SettingInvalid(GisappError):
    code = "setting-invalid"
    ja = "設定 {name} の値「{value}」は使えません：{why_ja}"
    en = "The setting {name} cannot be “{value}”: {why_en}"
    do_ja = "docs/settings.md で書き方を確かめて、直してからもう一度実行してください。"
    do_en = "See docs/settings.md for what it takes, correct it and run the command again."


class CityNotFound(GisappError):
    status = 404
    code = "city-not-found"
    ja = "都市「{city}」の設定（cities/{city}/city.toml）がありません。"
    en = "There is no city “{city}” (cities/{city}/city.toml)."
    do_ja = "次の中から選ぶか、フォルダを作ってください：{known}"
    do_en = "Choose one of these or make the folder: {known}"


class ClusterFailed(GisappError):
    code = "cluster-failed"
    ja = "内蔵データベースを{step_ja}できませんでした：{why}"
    en = "The embedded database could not be {step_en}: {why}"
    do_ja = "{do_ja}"
    do_en = "{do_en}"


class DatabaseAway(GisappError):
    status = 503
    code = "database-away"
    ja = "データベースに接続できません。"
    en = "The database cannot be reached."
    do_ja = "少し待ってからもう一度お試しください。職員の方は `gisapp db status` で状態を確かめてください。"
    do_en = "Wait a little and try again. Staff: see `gisapp db status`."


class TooSlow(GisappError):
    status = 503
    code = "too-slow"
    ja = "問い合わせに時間がかかりすぎたため、中止しました。"
    en = "The question took too long and was stopped."
    do_ja = "範囲を狭めるか、条件を減らしてお試しください。"
    do_en = "Ask for a smaller area or with fewer conditions."


class Busy(GisappError):
    status = 503
    code = "busy"
    ja = "ただいま混み合っています。"
    en = "The server is busy."
    do_ja = "{seconds} 秒ほど待ってからもう一度お試しください。"
    do_en = "Wait about {seconds} seconds and try again."


class NotMigrated(GisappError):
    status = 503
    code = "not-migrated"
    ja = "データベースの準備がまだ終わっていません。"
    en = "The database is not prepared yet."
    do_ja = "`gisapp db migrate` と `gisapp layers sync` を実行してください。"
    do_en = "Run `gisapp db migrate` and `gisapp layers sync`."


class PortTaken(GisappError):
    code = "port-taken"
    ja = "ポート {port} は別のプログラムが使っています。"
    en = "Port {port} is in use by another program."
    do_ja = "別の番号を指定してください。例：`PORT={other} make demo`"
    do_en = "Give another number, for example: `PORT={other} make demo`"


class AlreadyRunning(GisappError):
    code = "already-running"
    ja = "この都市のサーバーはすでに動いています（http://{bind}:{port}/）。"
    en = "This city's server is running already (http://{bind}:{port}/)."
    do_ja = "止めるには、起動した画面で Ctrl-C を押すか `gisapp down` を実行してください。"
    do_en = "To stop it, press Ctrl-C where it was started or run `gisapp down`."


# -- the catalogue --------------------------------------------------------------------------------------------


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


# -- requests -------------------------------------------------------------------------------------------------


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


class TooMany(GisappError):
    status = 429
    code = "too-many-requests"
    ja = "短い間に何度も試されました。"
    en = "There were too many tries in a short time."
    do_ja = "{seconds} 秒ほど待ってからもう一度お試しください。"
    do_en = "Wait about {seconds} seconds and try again."


# -- people ---------------------------------------------------------------------------------------------------


class SignInNeeded(GisappError):
    status = 401
    code = "sign-in-needed"
    ja = "この操作にはログインが必要です。"
    en = "You need to sign in for this."
    do_ja = "/sign-in からログインするか、有効なトークンを付けてください。"
    do_en = "Sign in at /sign-in or send a valid token."


class SignInFailed(GisappError):
    status = 401
    code = "sign-in-failed"
    ja = "ログイン名かパスワードが違います。"
    en = "The name or the password is not right."
    do_ja = "もう一度入力してください。忘れたときは情報部門に再設定を依頼してください。"
    do_en = "Type them again. If forgotten, ask the information division for a new one."


class NotAllowed(GisappError):
    status = 403
    code = "not-allowed"
    ja = "この操作をする権限がありません：{why_ja}"
    en = "You may not do this: {why_en}"
    do_ja = "必要なときは、所属長を通じてレイヤーの所管課に申請してください。"
    do_en = "If you need it, apply to the layer's department through your head of section."


class TokenInvalid(GisappError):
    status = 401
    code = "token-invalid"
    ja = "トークンが使えません：{why_ja}"
    en = "The token cannot be used: {why_en}"
    do_ja = "`gisapp tokens issue` で新しいトークンを発行してもらってください。"
    do_en = "Ask for a new one, made with `gisapp tokens issue`."


class FormExpired(GisappError):
    status = 400
    code = "form-expired"
    ja = "画面を開いてから時間がたったため、送信できませんでした。"
    en = "The form was open for too long and was not sent."
    do_ja = "前の画面に戻り、読み込み直してからもう一度送ってください。"
    do_en = "Go back, reload the page and send it again."


class PersonInvalid(GisappError):
    status = 400
    code = "person-invalid"
    ja = "利用者「{login}」：{why_ja}"
    en = "Person “{login}”: {why_en}"
    do_ja = "`gisapp people --help` で書き方を確かめてください。"
    do_en = "See `gisapp people --help`."


# -- files in -------------------------------------------------------------------------------------------------


class FileRefused(GisappError):
    """Nothing was changed; `problems` (gisapp.intake.problem.Problem) say where."""

    status = 422
    code = "file-refused"
    ja = "ファイル「{file}」は読み込めません：{why_ja}"
    en = "The file “{file}” cannot be loaded: {why_en}"
    do_ja = "{do_ja}"
    do_en = "{do_en}"


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


class ExtensionMissing(GisappError):
    code = "extension-missing"
    ja = "データベースに拡張機能 {extension} がありません。"
    en = "The database lacks the extension {extension}."
    do_ja = "データベースの管理者に `CREATE EXTENSION {extension};` の実行を依頼してください。"
    do_en = "Ask the database's administrator to run `CREATE EXTENSION {extension};`."


class NotASampleCity(GisappError):
    status = 409
    code = "not-a-sample-city"
    ja = "{city}は実在の都市なので、架空のデータは入れません。"
    en = "{city} is a real city; made-up data do not go into it."
    do_ja = "GISAPP_CITY=sample で実行するか、`gisapp load` で実際のデータを読み込んでください。"
    do_en = "Run with GISAPP_CITY=sample, or load real data with `gisapp load`."
