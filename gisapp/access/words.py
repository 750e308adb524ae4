"""The words of the pages about people, in Japanese and English, and a change of rights in a line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gisapp.access.wishes import Change
from gisapp.catalogue.layer import Department

BOTH = {
    "system": ("統合型GIS", "Integrated GIS"),
    "other_lang": ("English", "日本語"),
    "people": ("利用者と権限", "People and rights"),
    "people_lead": (
        "権限は部署の役割に付きます。変更は数秒で効き、記録に残ります。",
        "Rights come with posts in departments. A change takes effect within seconds and is recorded.",
    ),
    "account": ("自分の設定", "My account"),
    "uploads": ("データ登録", "Data uploads"),
    "sign_out": ("ログアウト", "Sign out"),
    "maps": ("地図の一覧", "List of maps"),
    "search": ("探す", "Search"),
    "search_label": ("ログイン名・氏名・部署", "Login, name or department"),
    "clear": ("全員を表示", "Show everybody"),
    "nobody": ("当てはまる利用者はいません。", "Nobody fits that."),
    "more": (
        "ほかにもいます。言葉を足して絞り込んでください。",
        "There are more. Add a word to narrow the search.",
    ),
    "count": ("{n} 人", "{n} people"),
    "login": ("ログイン名", "Login"),
    "name": ("氏名", "Name"),
    "posts": ("部署の役割", "Posts"),
    "duty": ("職務", "Duty"),
    "until": ("最終日", "Last day"),
    "until_hint": ("委託業者など、期限のある人だけ", "Only for contractors and others with an end"),
    "state": ("状態", "State"),
    "no_end": ("期限なし", "No end"),
    "none": ("なし", "None"),
    "lost": (
        "「{department}」は departments.toml にない部署です（改称・統合）。この役割は効きません。外して、今の部署の役割を付けてください。",
        "“{department}” is not in departments.toml (renamed or merged). This post counts for nothing: take it away and give one in today's department.",
    ),
    "lost_own": (
        "部署「{department}」は改称または統合され、今はありません。その権限は使えません。システム管理者に、今の部署の権限を依頼してください。",
        "The department “{department}” was renamed or merged and is there no more; its rights are not valid. Ask a system administrator for a post in today's department.",
    ),
    "lost_mark": ("ない部署", "department gone"),
    "keep": ("そのまま", "Keep"),
    "add": ("利用者を加える", "Add somebody"),
    "add_button": ("加えて、リンクを作る", "Add and make a link"),
    "add_lead": (
        "パスワードを決めてもらうための、1回だけ使えるリンクを作ります。本人に渡してください。",
        "A link that works once is made, for them to choose a password. Hand it to them.",
    ),
    "edit": ("変更", "Change"),
    "save": ("変更する", "Save"),
    "nothing": ("変わったところがありません。", "Nothing was changed."),
    "back_to_people": ("利用者の一覧へ", "To the list of people"),
    "reset": ("パスワードの再設定", "New password"),
    "reset_lead": (
        "1回だけ、24時間以内に使えるリンクを作ります。本人が開いて新しいパスワードを決めると、ほかの端末のログインは終わります。",
        "A link is made that works once, within 24 hours. When they have chosen a new password with it, their other sessions end.",
    ),
    "reset_button": ("リンクを作る", "Make a link"),
    "stop": ("利用の停止", "Deactivate"),
    "stop_lead": (
        "数秒でログインが終わり、トークンも使えなくなります。記録は残ります。",
        "Within seconds their sessions end and their tokens work no longer. What was recorded stays.",
    ),
    "stop_button": ("停止する", "Deactivate"),
    "start_button": ("停止を解く", "Let in again"),
    "oneself": (
        "自分の権限は自分では変えられません。ほかの管理者に依頼してください。",
        "You cannot change your own rights. Ask another administrator.",
    ),
    "history": ("変更の記録", "Changes"),
    "no_history": ("まだありません。", "None yet."),
    "when": ("日時", "When"),
    "who": ("依頼した人", "Asked by"),
    "whom": ("だれの", "About"),
    "what": ("内容", "What"),
    "by_link": ("1回限りのリンク", "a one-time link"),
    "asked": ("処理を待っています", "Waiting for the worker"),
    "done": ("反映しました", "Done"),
    "refused": ("できませんでした", "Not done"),
    "asked_long": (
        "受け付けました。処理を待っています。しばらくして読み込み直してください。",
        "It was received and waits for the worker. Reload the page in a while.",
    ),
    "link_title": ("リンクを作りました", "The link is made"),
    "link_lead": (
        "{name}さんに渡してください。今だけ表示します。24時間以内に1回だけ使えます。",
        "Hand it to {name}. It is shown only now, and works once within 24 hours.",
    ),
    "link": ("リンク", "Link"),
    "token_title": ("トークンを発行しました", "The token is issued"),
    "token_lead": (
        "今だけ表示します。スクリプトの環境変数 GISAPP_TOKEN などに保存してください。",
        "It is shown only now. Keep it, for example, in the script's environment as GISAPP_TOKEN.",
    ),
    "token": ("トークン", "Token"),
    "failed_title": ("できませんでした", "It was not done"),
    "back": ("戻る", "Back"),
    "password": ("パスワードの変更", "Change password"),
    "password_lead": (
        "変えると、このあとすべての端末でログインし直します。",
        "After a change you sign in anew on every device.",
    ),
    "password_now": ("今のパスワード", "Current password"),
    "password_new": ("新しいパスワード（12字以上）", "New password (at least 12 characters)"),
    "password_again": ("新しいパスワード（もう一度）", "New password, again"),
    "password_button": ("パスワードを変える", "Change password"),
    "password_elsewhere": (
        "パスワードはここにはありません。市の認証（OIDC）でログインしています。",
        "There is no password here: you sign in over the city's own sign-in (OIDC).",
    ),
    "password_differs": (
        "新しいパスワードが2回とも同じではありません。",
        "The new passwords are not the same.",
    ),
    "password_done": (
        "パスワードを変えました。新しいパスワードでログインしてください。",
        "The password is changed. Sign in with the new one.",
    ),
    "tokens": ("スクリプト用のトークン", "Tokens for scripts"),
    "tokens_lead": (
        "トークンは自分の権限の範囲だけで働きます。使わなくなったら失効させてください。",
        "A token works within your own rights only. Revoke those you no longer use.",
    ),
    "no_tokens": ("トークンはありません。", "There are no tokens."),
    "scope": ("使える範囲", "Scope"),
    "last_use": ("最後の使用", "Last use"),
    "never": ("未使用", "Never"),
    "expires": ("期限", "Expires"),
    "expired": ("期限切れ", "Expired"),
    "revoked": ("失効", "Revoked"),
    "revoke": ("失効させる", "Revoke"),
    "lost_layer": ("「{layer}」はもうありません", "“{layer}” is there no more"),
    "issue": ("トークンを発行する", "Issue a token"),
    "token_name": ("用途（例：毎晩の更新）", "What it is for (such as: nightly update)"),
    "token_layers": ("対象の部署", "Departments"),
    "token_more": ("または個別のレイヤー（空白区切り）", "Or single layers, separated by spaces"),
    "token_verbs": ("できること", "It may"),
    "token_days": ("有効な日数", "Days until it expires"),
    "first": ("最初のシステム管理者", "The first system administrator"),
    "first_lead": (
        "このリンクは1回だけ使えます。あなたのログイン名とパスワードを決めてください。",
        "This link works once. Choose your login and password.",
    ),
    "choose": ("パスワードを決める", "Choose a password"),
    "choose_lead": (
        "{name}さん（{login}）のパスワードを決めてください。このリンクは1回だけ使えます。",
        "Choose a password for {name} ({login}). This link works once.",
    ),
    "choose_button": ("決定する", "Set it"),
    "sign_in": ("ログイン", "Sign in"),
    "chosen": ("パスワードを決めました", "The password is set"),
    "chosen_lead": (
        "「{login}」でログインしてください。",
        "Sign in as “{login}”.",
    ),
}
ROLES = {
    "viewer": ("閲覧", "viewer"),
    "editor": ("編集", "editor"),
    "approver": ("承認", "approver"),
    "layer_owner": ("レイヤー所管", "layer owner"),
}
DUTIES = {"administrator": ("システム管理者", "system administrator"), "auditor": ("監査担当", "auditor")}
STATES = {
    "active": ("利用中", "active"),
    "ended": ("期限切れ", "ended"),
    "deactivated": ("停止中", "deactivated"),
}
VERBS = {
    "read": ("読む", "read"),
    "upload": ("送る", "upload"),
    "publish": ("公開する", "publish"),
    "edit": ("編集する", "edit"),
}
KINDS = {
    "add": ("利用者を追加：{login}", "added: {login}"),
    "reset": ("パスワード再設定のリンクを作成", "made a link for a new password"),
    "own_password": ("自分のパスワードを変更", "changed their own password"),
    "use_link": ("リンクからパスワードを設定", "set a password over a link"),
    "issue_token": ("トークンを発行：{name}（{layers}）", "issued a token: {name} ({layers})"),
    "revoke_token": ("トークンを失効：{token}", "revoked token {token}"),
}


def in_language(words: Mapping[str, tuple[str, str]], lang: str) -> dict[str, str]:
    """One language of a list of words: Japanese (`ja`) or English (anything else)."""
    return {key: pair[0 if lang == "ja" else 1] for key, pair in words.items()}


def describe(change: Change, departments: Mapping[str, Department], lang: str) -> str:
    """What was asked for, in a line."""
    one = 0 if lang == "ja" else 1
    if change.kind != "change":
        layers = ", ".join(change.detail.get("layers", []))
        return KINDS[change.kind][one].format_map({**_NOTHING, **change.detail, "layers": layers})
    parts = []
    for department, role in change.detail.get("posts", {}).items():
        title = departments[department].title.get(lang) if department in departments else department
        parts.append(
            f"{title}：{_word(ROLES, role, one)}" if not one else f"{title}: {_word(ROLES, role, one)}"
        )
    for key, label in (("duty", "duty"), ("until", "until"), ("name", "name")):
        if key in change.detail:
            value = change.detail[key]
            said = _word(DUTIES, value, one) if key == "duty" else value or BOTH["no_end"][one]
            parts.append(f"{BOTH[label][one]} → {said}")
    if "active" in change.detail:
        parts.append(BOTH["start_button" if change.detail["active"] else "stop_button"][one])
    return "、".join(parts) if not one else ", ".join(parts)


_NOTHING = {"login": "", "name": "", "token": ""}


def _word(words: Mapping[str, tuple[str, str]], key: Any, one: int) -> str:
    return words[key][one] if key in words else BOTH["none"][one]
