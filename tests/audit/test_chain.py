"""Whatever is done to entries afterwards is found, and the first row it was done to is named."""

from __future__ import annotations

import hashlib
import json

from gisapp.audit import chain
from tests.audit.conftest import Book

PEOPLE = [f"person{n}" for n in range(1, 9)]


def filled(book: Book) -> list[int]:
    book.write(*PEOPLE)
    book.seal()
    assert book.kind() is None
    return book.ids()


def test_a_chain_that_nobody_touched_is_whole(book: Book) -> None:
    ids = filled(book)
    finding = book.verify()
    assert (finding.entries, finding.unsealed, finding.broken, finding.roots) == (len(ids), 0, None, 1)
    book.write("somebody")
    assert book.verify().unsealed == 1 and not book.verify().late


def test_the_hash_can_be_computed_with_other_tools(book: Book) -> None:
    filled(book)
    before = bytes(32)
    question = f"SELECT s.hash, {chain.COLUMNS} FROM gisapp.audit_entry e JOIN gisapp.audit_seal s ON s.entry = e.id ORDER BY position"
    for row in book.ask(question):
        values = {name: value for name, value in row._mapping.items() if name != "hash"}
        text = json.dumps(values, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        before = hashlib.sha256(before + text.encode()).digest()
        assert before == bytes(row.hash)


def test_a_changed_row_is_named(book: Book) -> None:
    ids = filled(book)
    for change in (
        "login = 'nobody'", "at = at + interval '1 microsecond'", "features = '{1}'", "departments = '{tax}'",
        """details = '{"n": 1.50}'""", "layer = ''", "address = 'x'", "what = 'searched'", "written_by = 'x'",
    ):  # fmt: skip
        column = change.split(" =")[0]
        book.tamper(
            "CREATE TABLE public.before AS SELECT * FROM gisapp.audit_entry",
            f"UPDATE gisapp.audit_entry SET {change} WHERE id = {ids[3]}",
        )
        assert book.kind() == ("changed", ids[3]), change
        book.tamper(
            f"UPDATE gisapp.audit_entry e SET {column} = b.{column} FROM public.before b WHERE b.id = e.id",
            "DROP TABLE public.before",
        )
        assert book.kind() is None


def test_a_deleted_row_is_named(book: Book) -> None:
    ids = filled(book)
    book.tamper(f"DELETE FROM gisapp.audit_entry WHERE id = {ids[2]}")
    assert book.kind() == ("deleted", ids[2])
    book.tamper(f"DELETE FROM gisapp.audit_seal WHERE entry = {ids[2]}")
    assert book.kind() == ("unlinked", ids[3])
    book.tamper("UPDATE gisapp.audit_seal SET position = position - 1 WHERE position > 3")
    assert book.kind() == ("changed", ids[3])  # or the one before it taken out, as its sentence says
    broken = book.verify().broken
    assert broken and "直前の記録が消されて" in broken.sentence("ja") and "before" in broken.sentence("en")


def test_rows_that_changed_places_are_named(book: Book) -> None:
    ids = filled(book)
    book.tamper(
        f"UPDATE gisapp.audit_seal SET entry = -1 WHERE entry = {ids[1]}",
        f"UPDATE gisapp.audit_seal SET entry = {ids[1]} WHERE entry = {ids[4]}",
        f"UPDATE gisapp.audit_seal SET entry = {ids[4]} WHERE entry = -1",
    )
    assert book.kind() == ("reordered", ids[4])


def test_a_row_slipped_in_is_named(book: Book) -> None:
    ids = filled(book)
    columns = "at, txid, written_by, login, departments, via, address, what, layer, features, details"
    book.tamper(
        f"INSERT INTO gisapp.audit_entry (id, {columns}) OVERRIDING SYSTEM VALUE SELECT 1000000, {columns} FROM gisapp.audit_entry WHERE id = {ids[0]}"
    )
    book.write("later")
    book.seal()
    assert book.kind() == ("inserted", 1000000)
    row = book.ask(
        f"SELECT {chain.COLUMNS}, s.hash FROM gisapp.audit_entry e LEFT JOIN gisapp.audit_seal s ON s.entry = {ids[2]} WHERE e.id = 1000000"
    )[0]
    forged = chain.link(bytes(row.hash), row).hex()
    book.tamper(
        "UPDATE gisapp.audit_seal SET position = position + 1000 WHERE position > 3",
        "UPDATE gisapp.audit_seal SET position = position - 999 WHERE position > 1000",
        f"INSERT INTO gisapp.audit_seal (position, entry, hash, horizon) VALUES (4, 1000000, '\\x{forged}', '5')",
    )
    assert book.kind() == ("inserted", 1000000)


def rewrite(book: Book, login: str) -> None:
    """What an administrator with all powers would do: change a row and compute the whole chain anew."""
    book.tamper(f"UPDATE gisapp.audit_entry SET login = 'innocent' WHERE login = '{login}'")
    rows = book.ask(
        f"SELECT s.position, {chain.COLUMNS} FROM gisapp.audit_entry e JOIN gisapp.audit_seal s ON s.entry = e.id ORDER BY position"
    )
    value, statements = chain.FIRST, []
    for row in rows:
        value = chain.link(value, row)
        statements.append(
            f"UPDATE gisapp.audit_seal SET hash = '\\x{value.hex()}' WHERE position = {row.position}"
        )
    book.tamper(*statements)


def yesterday(book: Book) -> None:
    book.tamper("UPDATE gisapp.audit_seal SET sealed_at = sealed_at - interval '1 day'")


def test_a_chain_rewritten_as_a_whole_is_found_by_the_root_outside(book: Book) -> None:
    ids = filled(book)
    yesterday(book)
    book.write("today")
    book.seal()
    daily, head = book.files.read()
    assert len(daily) == 1 and head and (daily[0].position, daily[0].entry) == (len(ids), ids[-1])
    assert book.verify().roots == 2
    rewrite(book, "person3")
    assert book.kind() == ("rewritten", ids[-1])
    book.files.head.unlink()
    assert book.kind() == ("rewritten", ids[-1])
    book.files.daily.unlink()
    assert book.kind() == ("root_missing", ids[-1])


def test_even_todays_rows_cannot_be_rewritten_or_cut_off_unnoticed(book: Book) -> None:
    ids = filled(book)
    rewrite(book, "person8")
    assert book.kind() == ("rewritten", ids[-1])
    book.tamper(
        f"DELETE FROM gisapp.audit_entry WHERE id >= {ids[5]}",
        f"DELETE FROM gisapp.audit_seal WHERE entry >= {ids[5]}",
    )
    assert book.kind() == ("cut_off", ids[-1])


def test_a_sealer_never_overwrites_roots_that_tell_of_another_chain(book: Book) -> None:
    ids = filled(book)
    book.tamper(f"DELETE FROM gisapp.audit_entry WHERE id >= {ids[5]}", f"DELETE FROM gisapp.audit_seal WHERE entry >= {ids[5]}")  # fmt: skip
    kept = book.files.head.read_text()
    book.write("after")
    book.seal()
    assert book.files.head.read_text() == kept
    assert book.verify().unsealed == 0 and book.kind() is not None


def test_a_changed_file_of_roots_is_found(book: Book) -> None:
    for _ in range(3):
        book.write("a", "b")
        book.seal()
        yesterday(book)
    book.write("c")
    book.seal()
    lines = book.files.daily.read_text().splitlines(keepends=True)
    assert len(lines) == 3 and book.kind() is None and book.verify().roots == 4
    book.files.daily.write_text("".join(lines[:1] + lines[2:]))
    assert book.kind() is not None
    book.files.daily.write_text(lines[0] + "nonsense\n")
    assert book.verify().broken.kind == "roots_unreadable"  # type: ignore[union-attr]
