"""The record of who did what."""

from __future__ import annotations

from gisapp.errors.base import GisappError


class AuditUnavailable(GisappError):
    """The answer is withheld: what is restricted is not shown without a record of it."""

    status = 503
    code = "audit-unavailable"
    ja = "閲覧・操作の記録ができないため、この内容は表示できません。"
    en = "This cannot be shown, because it cannot be recorded that it was."
    do_ja = "少し待ってからもう一度お試しください。続くときは情報部門へ連絡してください。公開の地図はそのまま使えます。"
    do_en = "Wait a little and try again. If it goes on, tell the information division. Public maps go on working."


class NothingToPurge(GisappError):
    status = 409
    code = "nothing-to-purge"
    ja = "削除できる監査記録はありません：{why_ja}"
    en = "No entries of the audit can be purged: {why_en}"
    do_ja = "{do_ja}"
    do_en = "{do_en}"
