"""A spreadsheet (XLSX), row by row: texts stay texts, whatever they begin with."""

from __future__ import annotations

import datetime
import math
from typing import Any

import xlsxwriter

from gisapp.features.exports.formats import MOST_OF_A_SHEET, Job
from gisapp.features.exports.texts import PLACE, Batches


def write_xlsx(job: Job, batches: Batches) -> dict[str, Any]:
    """Titles, then a row a feature, with the place of its middle."""
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    count, dropped = 0, 0
    with xlsxwriter.Workbook(job.path, options) as book:
        sheet, day = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd"})
        number, lon, lat = PLACE[job.lang]
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, [number, *(column.title for column in job.columns), lon, lat])
        for rows in batches:
            for row in rows:
                if count >= MOST_OF_A_SHEET:
                    dropped += 1
                    continue
                count += 1
                for place, cell in enumerate(row):
                    _write(sheet, count, place, cell, day)
    return {"rows": count, "dropped": dropped}


def _write(sheet: Any, row: int, place: int, cell: Any, day: Any) -> None:
    if cell is None:
        return
    if isinstance(cell, bool):
        sheet.write_boolean(row, place, cell)
    elif isinstance(cell, int | float) and math.isfinite(cell) and abs(cell) < 10**15:
        sheet.write_number(row, place, cell)
    elif isinstance(cell, datetime.date) and not isinstance(cell, datetime.datetime) and cell.year > 1900:
        sheet.write_datetime(row, place, datetime.datetime(cell.year, cell.month, cell.day), day)
    else:
        sheet.write_string(row, place, str(cell)[:32_767])
