"""What can be recorded: the fixed list of events, with their names for people.

The list is kept here and not by the database: a new event must not need a change of the one table that nobody changes.
"""

from __future__ import annotations

from gisapp.catalogue.layer import Text

EVENTS = {
    "sign_in": Text("ログイン", "signed in"),
    "sign_in_failed": Text("ログイン失敗", "sign-in failed"),
    "sign_out": Text("ログアウト", "signed out"),
    "layer_opened": Text("レイヤー表示", "layer opened"),
    "feature_viewed": Text("地物の閲覧", "features viewed"),
    "masked_shown": Text("伏せ字の表示", "masked value shown"),
    "searched": Text("検索", "searched"),
    "printed": Text("印刷", "printed"),
    "exported": Text("書き出し", "exported"),
    "edited": Text("編集", "edited"),
    "uploaded": Text("ファイル受付", "file uploaded"),
    "upload_discarded": Text("ファイル破棄", "upload discarded"),
    "publish_asked": Text("公開の指示", "publishing asked for"),
    "published": Text("公開", "published"),
    "undo_asked": Text("取り消しの指示", "undoing asked for"),
    "undone": Text("取り消し", "undone"),
    "person_added": Text("利用者の追加", "person added"),
    "person_changed": Text("利用者の変更", "person changed"),
    "right_changed": Text("権限の変更", "right changed"),
    "wish_refused": Text("権限変更の依頼の却下", "request for a right refused"),
    "token_issued": Text("トークン発行", "token issued"),
    "token_revoked": Text("トークン失効", "token revoked"),
    "address_signed": Text("署名付きアドレスの作成", "address signed"),
    "audit_read": Text("監査記録の閲覧", "audit read"),
    "audit_exported": Text("監査記録の書き出し", "audit exported"),
    "audit_purged": Text("監査記録の期限切れ削除", "audit purged"),
}
"""Code → name. Codes are part of what is chained: one that was ever used keeps its meaning."""
