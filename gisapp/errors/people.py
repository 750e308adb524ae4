"""Signing in, rights and tokens."""

from __future__ import annotations

from gisapp.errors.base import GisappError


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
    ja = "利用者「{login}」の登録を変更できません：{why_ja}"
    en = "Nothing was changed for “{login}”: {why_en}"
    do_ja = "`gisapp people --help` で書き方を確かめてください。"
    do_en = "See `gisapp people --help`."
