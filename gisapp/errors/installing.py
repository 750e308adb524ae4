"""Setting up and keeping up: settings, the database, the server."""

from __future__ import annotations

from gisapp.errors.base import GisappError


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
