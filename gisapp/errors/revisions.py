"""Going back to what a layer was before."""

from __future__ import annotations

from gisapp.errors.base import GisappError


class RevisionNotFound(GisappError):
    status = 404
    code = "revision-not-found"
    ja = "リビジョン {revision} はありません。"
    en = "There is no revision {revision}."
    do_ja = "`gisapp revisions list` で番号を確かめてください。"
    do_en = "See the numbers with `gisapp revisions list`."


class RevisionNotKept(GisappError):
    status = 409
    code = "revision-not-kept"
    ja = "リビジョン {revisions} は、前の状態が残っていないため取り消せません。"
    en = "Revisions {revisions} cannot be undone: what was there before is no longer kept."
    do_ja = "保存期間（GISAPP_HISTORY_DAYS）を過ぎたか、全体の入れ替えでした。元のファイルをもう一度読み込んでください。"
    do_en = "They are older than GISAPP_HISTORY_DAYS, or replaced the layer as a whole. Load the earlier file again."


class RevisionBuiltOn(GisappError):
    status = 409
    code = "revision-built-on"
    ja = "リビジョン {revision} だけを取り消すことはできません。同じ行を後のリビジョン {later} が変えています。"
    en = "Revision {revision} alone cannot be undone: later revisions changed the same rows: {later}."
    do_ja = "後のものから順に取り消すか、まとめて戻してください：`gisapp revisions undo --layer {layer} --to {before}`"
    do_en = "Undo the later ones first, or all at once: `gisapp revisions undo --layer {layer} --to {before}`"


class NothingToUndo(GisappError):
    status = 409
    code = "nothing-to-undo"
    ja = "レイヤー「{layer}」に、取り消すリビジョンはありません。"
    en = "The layer “{layer}” has no revision to undo."
    do_ja = "`gisapp revisions list --layer {layer}` で確かめてください。"
    do_en = "See `gisapp revisions list --layer {layer}`."
