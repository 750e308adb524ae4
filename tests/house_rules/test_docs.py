"""House rules about what is written down: settings, errors, paths and commands are true."""

from __future__ import annotations

import dataclasses
import inspect
import re
import subprocess
from pathlib import Path

from gisapp import errors
from gisapp.settings import ROOT, Settings

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_every_setting_is_in_the_docs() -> None:
    page = (ROOT / "docs" / "settings.md").read_text()
    missing = [f.name for f in dataclasses.fields(Settings) if f"`GISAPP_{f.name.upper()}`" not in page]
    assert not missing, f"add these to docs/settings.md: {missing}"
    named = {name.lower() for name in re.findall(r"`GISAPP_([A-Z_]+)`", page)}
    unknown = named - {f.name for f in dataclasses.fields(Settings)} - {"root", "token"}
    assert not unknown


def test_every_error_is_in_the_docs_with_its_status() -> None:
    page = (ROOT / "docs" / "errors.md").read_text()
    kinds = [k for _, k in inspect.getmembers(errors, inspect.isclass) if issubclass(k, errors.GisappError)]
    missing = [k.__name__ for k in kinds if f"| `{k.code}` | {k.status} |" not in page]
    assert not missing, f"add these to docs/errors.md: {missing}"
    table = page[page.index("|---|") :].splitlines()
    assert all(row.startswith("|") and row.endswith("|") for row in table), "one line a row"
    assert len(set(table)) == len(table)


def test_every_error_speaks_both_languages_and_says_what_to_do() -> None:
    for _, kind in inspect.getmembers(errors, inspect.isclass):
        if issubclass(kind, errors.GisappError):
            assert re.search(r"[ぁ-ん]", kind.ja), kind.__name__
            assert not re.search(r"[ぁ-んァ-ヶ一-龠]", kind.en + kind.do_en), kind.__name__
            assert kind.do_ja and kind.do_en, kind.__name__


def test_every_path_that_a_page_names_exists() -> None:
    missing = []
    for page in PAGES:
        for path in re.findall(
            r"`((?:gisapp|layers|cities|migrations|static|tests|bench|docs|\.ci)/[\w./-]+)`", page.read_text()
        ):
            if not (ROOT / path).exists() and not (ROOT / path.rstrip("/")).exists():
                missing.append(f"{page.name}: {path}")
        for path in re.findall(r"\]\((?!http)([\w./-]+)\)", page.read_text()):
            if not (page.parent / path).exists():
                missing.append(f"{page.name}: {path}")
    assert not missing


def test_the_readme_commands_are_the_ones_ci_runs() -> None:
    readme, ci = (ROOT / "README.md").read_text(), (ROOT / ".ci" / "run").read_text()
    assert "make demo" in readme and "make test" in readme
    assert "make test" in ci
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    named = set(re.findall(r"`make ([a-z]+)", readme)) | set(re.findall(r"^make ([a-z]+)", readme, re.M))
    assert named <= targets, named - targets


def test_no_file_of_ours_names_another_host() -> None:
    """A page that asks another host for anything is a bug; the browser's request log is tested with the viewers."""
    pattern = re.compile(r"(unpkg|jsdelivr|cdnjs|googleapis|bootstrapcdn|code\.jquery|openstreetmap)\.")
    found = []
    for folder in ("gisapp", "static/js", "static/css", "layers", "cities"):
        for file in sorted((ROOT / folder).rglob("*")):
            if file.suffix in {".py", ".html", ".js", ".css", ".json"} and pattern.search(
                file.read_text(errors="replace")
            ):
                found.append(str(file.relative_to(ROOT)))
    assert not found


def test_nothing_names_a_place_of_one_machine() -> None:
    files = [
        p
        for p in ROOT.rglob("*")
        if p.suffix in {".py", ".md", ".toml", ".cfg", ".sh", ".in", ".txt"}
        and not set(p.relative_to(ROOT).parts) & {".venv", ".gisapp", "node_modules", ".git", "work"}
    ]
    named = [
        str(p.relative_to(ROOT))
        for p in files
        if p != Path(__file__) and re.search(r"/work/|/root/|/home/\w", p.read_text(errors="replace"))
    ]
    assert not named


def test_no_line_of_the_changelog_stands_twice() -> None:
    lines = [
        line for line in (ROOT / "CHANGELOG.md").read_text("utf-8").splitlines() if line.startswith("- ")
    ]
    assert sorted(set(lines)) == sorted(lines)


def test_nothing_lies_at_the_top_that_has_no_place_there() -> None:
    """What a program leaves where it is run would be committed with the next change."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    folders = {line.split("/")[0] for line in listed.splitlines() if "/" in line}
    assert folders <= {"gisapp", "layers", "migrations", "static", "tests", "bench", "cities", "docs", ".ci"}
