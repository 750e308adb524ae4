"""A list of people to add, as a CSV file (UTF-8 or CP932): read whole, every mistake listed, before anything is changed.

One row a person; somebody with several posts has several rows, which agree in everything else or leave it empty.
"""

from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from gisapp import errors
from gisapp.access import people
from gisapp.catalogue.layer import Department
from gisapp.text.encodings import encoding_of_file
from gisapp.text.folding import fold
from gisapp.text.reading import read_date

COLUMNS = {
    "login": ("login", "ログイン名", "ログインID", "職員番号"),
    "name": ("name", "氏名", "名前"),
    "department": ("department", "部署", "所属"),
    "role": ("role", "役割"),
    "duty": ("duty", "職務"),
    "until": ("until", "期限", "最終日"),
}
LONGEST_FILE = 5_000_000  # bytes


@dataclass(frozen=True)
class NewPerson:
    """Somebody to add."""

    login: str
    name: str
    roles: dict[str, str] = field(default_factory=dict)
    duty: str | None = None
    until: datetime.date | None = None


@dataclass(frozen=True)
class Mistake:
    """What is wrong, and in which row (the heading is row 1) and column."""

    row: int
    column: str
    ja: str
    en: str

    def says(self, lang: str) -> str:
        """One line."""
        if lang == "ja":
            return f"{self.row} 行目 {self.column}：{self.ja}"
        return f"row {self.row}, {self.column}: {self.en}"


def read_accounts(path: Path, departments: Iterable[Department], taken: Collection[str]) -> list[NewPerson]:
    """The people that the file names. `taken`: logins that are there already.

    Raises errors.AccountsRefused with every mistake of the file.
    """
    mistakes: list[Mistake] = []
    names = {fold(word): one.name for one in departments for word in (one.name, one.title.ja, one.title.en)}
    found: dict[str, NewPerson] = {}
    for number, row in _rows(path, mistakes):
        new = _person(number, row, names, mistakes)
        if new is None:
            continue
        if new.login in taken:
            ja, en = f"{new.login} はすでに登録されています", f"{new.login} is there already"
            mistakes.append(Mistake(number, "login", ja, en))
            continue
        found[new.login] = joined = _joined(found.get(new.login), new, number, mistakes)
        if joined.duty == people.AUDITOR and joined.roles:
            ja, en = "監査担当は部署の役割を持てません", "an auditor holds no post in a department"
            mistakes.append(Mistake(number, "duty", ja, en))
    if mistakes:
        raise refused(mistakes)
    return list(found.values())


def refused(mistakes: list[Mistake]) -> errors.AccountsRefused:
    """The error that lists them."""
    said = {lang: "\n".join(one.says(lang) for one in mistakes) for lang in ("ja", "en")}
    return errors.AccountsRefused(count=len(mistakes), problems_ja=said["ja"], problems_en=said["en"])


def _rows(path: Path, mistakes: list[Mistake]) -> Iterator[tuple[int, dict[str, str]]]:
    codec = encoding_of_file(path, ("utf-8", "cp932")) if path.stat().st_size <= LONGEST_FILE else None
    if codec is None:
        ja, en = (
            "UTF-8 か CP932（Shift_JIS）の 5 MB 以下の CSV ではありません",
            "it is no CSV in UTF-8 or CP932 of at most 5 MB",
        )
        mistakes.append(Mistake(1, "-", ja, en))
        return
    try:
        lines = list(csv.reader(io.StringIO(path.read_text(codec), newline="")))
    except csv.Error as error:
        mistakes.append(
            Mistake(1, "-", f"CSV として読めません（{error}）", f"it cannot be read as CSV ({error})")
        )
        return
    heading = _heading(lines[0] if lines else [], mistakes)
    for number, cells in enumerate(lines[1:], 2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > len(heading):
            mistakes.append(Mistake(number, "-", "列が多すぎます", "has more cells than the heading"))
            continue
        yield number, {name: cell.strip() for name, cell in zip(heading, cells, strict=False) if name}


def _heading(cells: list[str], mistakes: list[Mistake]) -> list[str]:
    known = {fold(word): name for name, words in COLUMNS.items() for word in words}
    heading = [known.get(fold(cell), "") for cell in cells]
    for cell, name in zip(cells, heading, strict=True):
        if not name:
            mistakes.append(Mistake(1, cell or "-", "知らない列です", "is not a known column"))
        elif heading.count(name) > 1:
            mistakes.append(Mistake(1, cell, "同じ列が2つあります", "is there twice"))
    if "login" not in heading:
        mistakes.append(Mistake(1, "login", "列がありません", "the column is missing"))
    return heading


def _person(
    number: int, row: dict[str, str], departments: dict[str, str], mistakes: list[Mistake]
) -> NewPerson | None:
    """The person of one row; None where it names none. What is wrong is noted."""

    def wrong(column: str, ja: str, en: str) -> None:
        mistakes.append(Mistake(number, column, ja, en))

    said, role, duty = row.get("department", ""), row.get("role", ""), row.get("duty", "") or None
    department = departments.get(fold(said)) if said else None
    if said and department is None:
        wrong("department", f"「{said}」という部署はありません", f"there is no department “{said}”")
    if role and role not in people.ROLES:
        wrong("role", f"役割は {', '.join(people.ROLES)} です", f"roles are {', '.join(people.ROLES)}")
    if bool(said) != bool(role):
        wrong(
            "role", "部署と役割は両方書くか、両方空けます", "department and role are both given or both empty"
        )
    if duty not in (None, *people.DUTIES):
        wrong("duty", f"職務は {', '.join(people.DUTIES)} です", f"duties are {', '.join(people.DUTIES)}")
    until = None
    try:
        until = read_date(row["until"]) if row.get("until") else None
    except ValueError:
        wrong("until", f"「{row['until']}」は日付ではありません", f"“{row['until']}” is no date")
    if until is not None and until < people.today():
        wrong("until", f"{until} は過ぎています", f"{until} has gone by")
    if len(row.get("name", "")) > 100:
        wrong("name", "氏名は100字までです", "a name has at most 100 characters")
    try:
        login = people.login_of(row.get("login", ""))
    except errors.PersonInvalid as error:
        wrong("login", str(error.values["why_ja"]), str(error.values["why_en"]))
        return None
    posts = {department: role} if department and role in people.ROLES else {}
    return NewPerson(login, row.get("name", ""), posts, duty, until)


def _joined(before: NewPerson | None, one: NewPerson, number: int, mistakes: list[Mistake]) -> NewPerson:
    """A person's further row joined to those before."""
    if before is None:
        return one
    for column, old, new in (
        ("name", before.name, one.name),
        ("duty", before.duty, one.duty),
        ("until", before.until, one.until),
    ):
        if old and new and old != new:
            ja, en = f"前の行では {old} です", f"an earlier row says {old}"
            mistakes.append(Mistake(number, column, ja, en))
    for department in before.roles.keys() & one.roles.keys():
        ja, en = f"{department} の役割が2つあります", f"{department} is there twice"
        mistakes.append(Mistake(number, "department", ja, en))
    return replace(
        before,
        name=before.name or one.name,
        roles={**before.roles, **one.roles},
        duty=before.duty or one.duty,
        until=before.until or one.until,
    )
