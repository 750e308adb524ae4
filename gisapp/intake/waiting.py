"""What becomes of rows that wait in `staging`: published as they are, compared anew, or taken back after all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg
from sqlalchemy import Connection, Row

from gisapp import errors
from gisapp.audit.record import Entry, Who, record
from gisapp.catalogue.layer import Layer
from gisapp.installation import Installation
from gisapp.intake.checks.keys import keys_there_already
from gisapp.intake.difference import compare
from gisapp.intake.load import Order
from gisapp.intake.progress import SILENT
from gisapp.intake.publish import publish
from gisapp.intake.raw import raw_connection
from gisapp.intake.stage import Stage, drop_stage, is_staged, kept_stage
from gisapp.intake.trouble import told_apart
from gisapp.intake.uploads import find_upload, set_state
from gisapp.revisions.apply import lock_layer
from gisapp.revisions.undo import undo_revision

Counts = dict[str, int]


def publish_staged(
    installation: Installation, row: Row[Any], order: Order, told: Callable[[float], None] = SILENT.publishing
) -> bool:
    """Publish the staged rows, unless the layer changed since they were compared with it and nobody said `anyway`.

    Then the difference is computed anew and the upload is `checked` again, with a notice. Returns whether it was
    published. Raises errors.UploadState where there are no staged rows, FileRefused.
    """
    layer, mode = _layer(order), order.options.mode
    with told_apart(), installation.database.transaction("owner") as connection:
        raw = raw_connection(connection)
        lock_layer(raw, layer)  # whoever published it meanwhile has ended: the row is read after that
        row = find_upload(connection, row.id)  # not locked: how far this is, is noted in it from outside
        stage = kept_stage(row.id)
        if row.state != "publishing" or not is_staged(raw, stage):
            raise errors.UploadState(id=row.id, state=row.state)
        difference: Counts = row.difference
        since = _changed_since(raw, layer, row)
        if since.perhaps:
            seen = _snapshot(raw)
            difference = compare(raw, layer, stage, mode, order.declined)
            changed = since.surely or difference != row.difference
            if changed and not row.options.get("anyway"):
                set_state(
                    connection, row.id, "checked", difference=difference, seen=seen, notice=since.notice()
                )
                return False
        if notice := _not_to_be_published(raw, layer, stage, mode, difference):
            set_state(connection, row.id, "checked", difference=difference, notice=notice)
            return False
        _publish(connection, row, order, stage, difference, told)
        return True


def _publish(
    connection: Connection,
    row: Row[Any],
    order: Order,
    stage: Stage,
    difference: Counts,
    told: Callable[[float], None],
) -> None:
    raw, layer, mode = raw_connection(connection), _layer(order), order.options.mode
    what = {"file": order.name, "mode": mode, "rows": (row.report or {}).get("rows", {}).get("loaded", 0)}
    revision, counts = publish(raw, layer, mode, stage, order.who, what, difference, told)
    report = {**(row.report or {}), "revision": revision, "difference": counts}
    said = what | {"revision": revision, "difference": counts}
    by = order.author or Who(order.who)
    record(connection, Entry("published", by, layer.id, details=said))
    set_state(connection, row.id, "published", report=report, difference=counts, revision=revision)
    drop_stage(raw, row.id)


def _layer(order: Order) -> Layer:
    assert order.layer is not None  # an upload is always for a layer
    return order.layer


def compare_again(installation: Installation, row: Row[Any], order: Order) -> bool:
    """Compare the staged rows with the layer anew (other repairs are declined now); False where there are none."""
    with told_apart(), installation.database.transaction("owner") as connection:
        raw = raw_connection(connection)
        if not is_staged(raw, kept_stage(row.id)):
            return False
        seen = _snapshot(raw)
        counts = compare(raw, _layer(order), kept_stage(row.id), order.options.mode, order.declined)
        report = {**(row.report or {}), "difference": counts}
        set_state(connection, row.id, "checked", report=report, difference=counts, seen=seen)
    return True


def undo_published(installation: Installation, row: Row[Any], order: Order) -> None:
    """Undo what an upload published. Raises errors.RevisionBuiltOn and what else `undo_revision` raises."""
    with told_apart(), installation.database.transaction("owner") as connection:
        row = find_upload(connection, row.id, lock=True)
        if row.state != "undoing" or row.revision is None:
            raise errors.UploadState(id=row.id, state=row.state)
        by = order.author or Who(order.who)
        done = undo_revision(connection, installation.catalogue, row.revision, by)
        report = {**(row.report or {}), "undone_by": done.revision}
        set_state(connection, row.id, "undone", report=report)


@dataclass(frozen=True)
class _Since:
    """Whether the layer changed after a difference was computed; `surely`: something was noted that it did not see."""

    surely: bool
    lost: bool  # old notes may have been removed
    revisions: tuple[tuple[int, str], ...]

    @property
    def perhaps(self) -> bool:
        return self.surely or self.lost

    def notice(self) -> dict[str, str]:
        ja, en = "確認の後でレイヤーが変わりました", "The layer changed after this was checked"
        if self.revisions:
            ja += f"（{'、'.join(f'リビジョン {number}：{who}' for number, who in self.revisions)}）"
            en += f" ({', '.join(f'revision {number} by {who}' for number, who in self.revisions)})"
        ja += "。今のレイヤーとの違いを計算し直しました。確かめてから、もう一度公開してください。"
        en += ". The difference was computed anew; look at it and publish again."
        return {"code": "layer_changed", "ja": ja, "en": en}


def _changed_since(raw: psycopg.Connection[Any], layer: Layer, row: Row[Any]) -> _Since:
    """Every change of a layer is noted by its triggers, whoever makes it. The layer is locked: nothing more comes."""
    found = raw.execute(
        "SELECT EXISTS (SELECT FROM gisapp.tile_change WHERE relation = %(layer)s AND NOT pg_visible_in_snapshot(txid, %(seen)s)), "
        "(SELECT pruned >= pg_snapshot_xmin(%(seen)s) FROM gisapp.tile_state)",
        {"layer": layer.id, "seen": row.seen},
    ).fetchone()
    assert found is not None
    question = "SELECT id, who FROM gisapp.revision WHERE layer = %s AND at > %s ORDER BY id DESC LIMIT 3"
    revisions = raw.execute(question, [layer.id, row.compared_at]).fetchall() if found[0] else []
    return _Since(found[0], found[1], tuple(reversed(revisions)))


def _snapshot(raw: psycopg.Connection[Any]) -> str:
    row = raw.execute("SELECT pg_current_snapshot()::text").fetchone()
    assert row is not None
    return str(row[0])


def _not_to_be_published(
    raw: psycopg.Connection[Any], layer: Layer, stage: Stage, mode: str, difference: Counts
) -> dict[str, str] | None:
    """A notice where publishing would empty the layer, or add keys that it has."""
    if not any(difference[name] for name in ("added", "changed", "unchanged")):
        ja = "公開する行が残りません。レイヤーを空にする公開はできません。修正を受け入れるか、破棄してください。"
        en = "No row would be left; an upload never empties a layer. Accept the repairs, or discard it."
        return {"code": "nothing_left", "ja": ja, "en": en}
    repeated = list(keys_there_already(raw, layer, stage.rows)) if mode == "append" else []
    if repeated:
        return {"code": "duplicate_key", "ja": repeated[0].line("ja"), "en": repeated[0].line("en")}
    return None
