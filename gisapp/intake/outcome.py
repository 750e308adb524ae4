"""How a file ends that is not taken: the sentence that sums up what was found, and the report that goes with it."""

from __future__ import annotations

from typing import NoReturn

from gisapp import errors
from gisapp.intake.problem import ERROR, QUESTION, Problem
from gisapp.intake.report import Report


def refuse_if_wrong(report: Report) -> None:
    """Raises errors.FileRefused where the report holds an error or a question."""
    if found := report.errors or report.findings.of(QUESTION):
        _refuse_with(found)


def _refuse_with(found: list[Problem]) -> NoReturn:
    more = len(found) - 3
    ja = "／".join(problem.line("ja") for problem in found[:3]) + (f"／ほか {more} 種類" if more > 0 else "")
    en = "; ".join(problem.line("en") for problem in found[:3]) + (
        f"; and {more} kinds more" if more > 0 else ""
    )
    do = {
        "do_ja": "ファイルを直して、もう一度読み込んでください。",
        "do_en": "Correct the file and load it again.",
    }
    raise errors.FileRefused(why_ja=ja, why_en=en, **do)


def complete(refusal: errors.FileRefused, report: Report) -> None:
    """Give the refusal the file's name and the report, and the report what the refusal says."""
    values = refusal.values
    values["file"] = report.file
    report.findings.add(values.get("found", ()))  # type: ignore[arg-type]
    if values.get("asks"):
        report.asks, report.choices = str(values["asks"]), list(values["choices"])  # type: ignore[call-overload]
    if code := values.get("problem"):
        ja, en = f"{values['why_ja']}。{values['do_ja']}", f"{values['why_en']}. {values['do_en']}"
        level = QUESTION if values.get("asks") else ERROR
        report.findings.add([Problem(level, str(code), ja, en)])
    report.ok, report.difference, report.revision = False, None, None
    if report.outcome == "refuse":
        report.loaded = 0
    values["outcome"] = report
    values["report"] = report.as_json(most_rows=100)["problems"]
