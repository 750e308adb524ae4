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
    do_ja = "もう一度入力してください。続けて間違えたときは、正しくても最長15分は入れません。待ってから入力してください。忘れたときは情報部門に再設定を依頼してください。"
    do_en = "Type them again. After several wrong ones in a row even the right one is not taken for up to 15 minutes: wait, then type it. If forgotten, ask the information division for a new one."


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


class AddressInvalid(GisappError):
    status = 403
    code = "address-invalid"
    ja = "この署名付きアドレスは使えません：{why_ja}。"
    en = "This signed address cannot be used: {why_en}."
    do_ja = "アドレスを作った人に、新しい署名付きアドレスを作ってもらってください（`gisapp tokens sign`）。"
    do_en = "Ask whoever made it for a new one (`gisapp tokens sign`)."


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


class AccountEnded(GisappError):
    status = 401
    code = "account-ended"
    ja = "この利用者は使えなくなりました：{why_ja}。"
    en = "This account is no longer in use: {why_en}."
    do_ja = "続けて必要なときは、所管課を通じて情報部門に期限の延長か再開を依頼してください。"
    do_en = "If you still need it, ask the information division through the department you work for."


class OnDutyOnly(GisappError):
    status = 403
    code = "on-duty-only"
    ja = "このページは{who_ja}だけが使えます。"
    en = "Only {who_en} may use this page."
    do_ja = "利用者の登録や権限の変更は、情報部門に依頼してください。"
    do_en = "Ask the information division to add people or to change what they may do."


class LinkInvalid(GisappError):
    status = 410
    code = "link-invalid"
    ja = "このリンクは使えません：{why_ja}。"
    en = "This link cannot be used: {why_en}."
    do_ja = "リンクは1回だけ、24時間以内に使えます。新しいリンクを情報部門に依頼してください。"
    do_en = "A link works once and within 24 hours. Ask the information division for a new one."


class AccountsRefused(GisappError):
    """Nothing was changed; `problems` are lines with row and column."""

    status = 422
    code = "accounts-refused"
    ja = "利用者の一覧に {count} 件の誤りがあります。何も登録していません。\n{problems_ja}"
    en = "The list of people holds {count} mistakes. Nobody was added.\n{problems_en}"
    do_ja = "直してからもう一度読み込んでください。列は login,name,department,role,duty,until です。"
    do_en = "Correct them and import it again. Its columns are login,name,department,role,duty,until."


class WishRefused(GisappError):
    """What somebody asked for on a page and the worker, which performs it, refuses."""

    status = 403
    code = "wish-refused"
    ja = "依頼された変更はできません：{why_ja}。"
    en = "What was asked for was not done: {why_en}."
    do_ja = "心当たりがないときは、情報部門に知らせてください。"
    do_en = "If you do not know why, tell the information division."


class ProviderFailed(GisappError):
    status = 502
    code = "provider-failed"
    ja = "市の認証でログインできませんでした：{why_ja}。"
    en = "Signing in over the city's own sign-in failed: {why_en}."
    do_ja = "ログインの画面からもう一度お試しください。続くときは情報部門へ連絡してください。"
    do_en = "Try again from the sign-in page. If it goes on, tell the information division."


class PersonUnknown(GisappError):
    status = 403
    code = "person-unknown"
    ja = "市の認証では確かめられましたが、「{login}」はこの地図の利用者として登録されていません。"
    en = "The city's own sign-in knows you, but “{login}” is not among the people of these maps."
    do_ja = "所属長を通じて、情報部門に登録を依頼してください。"
    do_en = "Ask the information division, through your head of section, to add you."
