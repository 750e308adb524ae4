"""/audit: found by who, what, where and when; safe to open in a spreadsheet; only for auditors, and recorded too."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from gisapp.audit.record import Entry, Who, record_now
from gisapp.installation import Installation
from tests.audit.conftest import Entries, restricted


@pytest.fixture
def auditor(signed_in: Callable[[str], FlaskClient]) -> FlaskClient:
    """Somebody whose duty it is to read the audit."""
    return signed_in("auditor")


def test_only_auditors_read_the_audit(client: FlaskClient, signed_in: Callable[[str], FlaskClient]) -> None:
    for address in ("/audit", "/audit.csv"):
        assert client.get(address).status_code == 401
        assert signed_in("tax").get(address).status_code == 403


def test_the_page_finds_by_person_event_layer_and_day(
    auditor: FlaskClient, signed_in: Callable[[str], FlaskClient], parcel: tuple[int, float, float]
) -> None:
    signed_in("tax").get(restricted(parcel)["item"])
    page = auditor.get("/audit").get_data(as_text=True)
    assert '<html lang="ja">' in page and "地物の閲覧" in page and "監査記録の閲覧" in page
    found = auditor.get("/audit?login=TAX&what=feature_viewed&layer=tax.parcel&first=2020-01-01").get_data(as_text=True)  # fmt: skip
    assert f"<td>{parcel[0]}</td>" in found and "sign_in" not in found.split("<tbody>")[1]
    assert "該当する記録はありません" in auditor.get("/audit?last=2020-01-01").get_data(as_text=True)
    assert "features viewed" in auditor.get("/audit?lang=en").get_data(as_text=True)
    for wrong in ("first=yesterday", "what=nothing", "before=x", "sql=1", "first=0001-01-01"):
        assert auditor.get(f"/audit?{wrong}").status_code == 400


def test_pages_lead_through_all_entries_without_gap_or_repetition(
    auditor: FlaskClient, installation: Installation
) -> None:
    many = [Entry("searched", Who("pager"), details={"n": n}) for n in range(250)]
    record_now(installation.database, *many)
    address, seen = "/audit?login=pager", []
    while address:
        page = auditor.get(address).get_data(as_text=True)
        seen += [int(part.split("<")[0]) for part in page.split("<tbody>")[1].split("<small>n: ")[1:]]
        address = page.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&") if 'rel="next"' in page else ""  # fmt: skip
    assert seen == list(range(249, -1, -1))


def test_the_csv_opens_in_a_spreadsheet_and_runs_nothing(
    auditor: FlaskClient, installation: Installation
) -> None:
    nasty = ["=cmd|' /C calc'!A0", "+1", "-1", "@x", "＝１", " =1", "\t=1", 'a"b,c']
    record_now(installation.database, *(Entry("sign_in_failed", Who(one, via="nasty")) for one in nasty))
    answer = auditor.get("/audit.csv?what=sign_in_failed")
    data = answer.get_data()
    assert data.startswith(b"\xef\xbb\xbf") and answer.mimetype == "text/csv"
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert rows[0][:3] == ["番号", "日時", "ログイン名"]
    logins = [row[2] for row in rows[1:] if row[4] == "nasty"][::-1]
    assert logins == ["'" + one for one in nasty[:-1]] + nasty[-1:]
    assert not any(cell.lstrip(" ").startswith(("=", "+", "-", "@")) for row in rows for cell in row)


def test_reading_the_audit_is_recorded_too(auditor: FlaskClient, entries: Entries) -> None:
    auditor.get("/audit?login=tax")
    auditor.get("/audit.csv?login=tax").get_data()
    assert [(row.what, row.login, row.details) for row in entries()[-2:]] == [
        ("audit_read", "auditor", {"asked": {"login": "tax"}}),
        ("audit_exported", "auditor", {"asked": {"login": "tax"}}),
    ]


def test_the_auditor_sees_no_restricted_layer(auditor: FlaskClient, parcel: tuple[int, float, float]) -> None:
    for address in restricted(parcel).values():
        assert auditor.get(address).status_code == 404
