"""House rules about how the code is written."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from gisapp.settings import ROOT

LONGEST_FILE = 300
LONGEST_FUNCTION = 50


def python_files(*folders: str) -> Iterator[Path]:
    for folder in folders:
        found = sorted((ROOT / folder).rglob("*.py"))
        yield from (
            file for file in found if "work" not in file.relative_to(ROOT).parts
        )  # what a bench installed


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_no_python_file_is_longer_than_300_lines() -> None:
    long = {
        str(f.relative_to(ROOT)): n
        for f in python_files("gisapp", "tests", "bench")
        if (n := len(f.read_text().splitlines())) > LONGEST_FILE
    }
    assert not long, f"split these by reason to change: {long}"


def test_no_function_is_longer_than_50_lines() -> None:
    long = [
        f"{file.relative_to(ROOT)}:{function.name}"
        for file in python_files("gisapp", "bench")
        for function in functions(ast.parse(file.read_text()))
        if (function.end_lineno or 0) - function.lineno + 1 > LONGEST_FUNCTION
    ]
    assert not long, f"give the parts of these names of their own: {long}"


def test_every_module_and_public_function_says_what_it_is_for() -> None:
    silent = []
    for file in python_files("gisapp"):
        tree = ast.parse(file.read_text())
        where = str(file.relative_to(ROOT))
        if not ast.get_docstring(tree) and tree.body:
            silent.append(where)
        for node in tree.body:
            public = isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
            if public and not where.startswith("gisapp/errors/") and not ast.get_docstring(node):
                silent.append(f"{where}:{node.name}")
    assert not silent, f"begin these with a sentence: {silent}"


def test_no_sql_text_is_put_together_with_an_f_string() -> None:
    found = []
    for file in python_files("gisapp"):
        for node in ast.walk(ast.parse(file.read_text())):
            is_text = (
                isinstance(node, ast.Call)
                and getattr(node.func, "id", getattr(node.func, "attr", "")) == "text"
            )
            if is_text and node.args and isinstance(node.args[0], ast.JoinedStr):
                found.append(f"{file.relative_to(ROOT)}:{node.lineno}")
    assert not found, f"bind values and compose identifiers with psycopg.sql: {found}"


def test_packages_import_downwards_only() -> None:
    tool = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([tool, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]


def test_importing_the_package_does_no_work() -> None:
    heavy = {"geopandas", "pandas", "pyogrio", "flask", "sqlalchemy", "shapely"}
    code = f"import sys, gisapp, gisapp.errors, gisapp.settings; print(sorted(set(sys.modules) & {heavy!r}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_web_process_imports_no_heavy_library() -> None:
    code = "import sys, gisapp.cli.up, gisapp; gisapp.create_app.__code__; " + (
        "from gisapp import error_pages, features, health, maps, ogc, security_headers, tiles, web; from gisapp.intake import difference_routes, pieces, routes; from gisapp.rasters import routes; "
        "print(sorted(set(sys.modules) & {'geopandas', 'pandas', 'pyarrow', 'pyogrio', 'mapnik', 'weasyprint'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.strip() == "[]", done.stdout + done.stderr[-2000:]


def test_loading_a_file_starts_without_what_other_files_need() -> None:
    code = (
        "import sys, gisapp.cli.load as load; load.leave_out_pandas(); import pyarrow; pyarrow.array([1]); "
        "from gisapp.intake.gdal import pyogrio; pyogrio(); "
        "print(sorted(set(sys.modules) & {'alembic', 'flask', 'geoalchemy2', 'openpyxl'}), 'pandas' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.strip() == "[] False", done.stdout + done.stderr[-2000:]


def test_no_two_advisory_locks_have_the_same_number() -> None:
    """Who held one for as long as it ran would keep out the others for ever, and nothing would say so."""
    numbers = [
        (number, str(file.relative_to(ROOT)))
        for file in python_files("gisapp")
        for number in re.findall(r"^[A-Z_]+ = (0x6715[0-9A-F]{4})\b", file.read_text(), re.M)
    ]
    assert len(numbers) >= 6 and len({number for number, _ in numbers}) == len(numbers), sorted(numbers)


def test_no_stub_is_left() -> None:
    found = [
        f"{file.relative_to(ROOT)}:{number}"
        for file in python_files("gisapp")
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if re.search(r"raise NotImplementedError|\b(TODO|FIXME|XXX)\b", line)
    ]
    assert not found


def test_every_library_that_is_imported_is_in_the_requirements() -> None:
    """What happens to be installed on one machine is not there on a fresh one."""
    named = {
        line.split("[")[0].strip().lower().replace("-", "_")
        for line in (ROOT / "requirements.in").read_text().splitlines()
    }
    provided = importlib.metadata.packages_distributions()
    missing = set()
    for file in python_files("gisapp", "migrations"):
        for node in ast.walk(ast.parse(file.read_text())):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules = [node.module]
            for module in {m.split(".")[0] for m in modules} - set(sys.stdlib_module_names) - {"gisapp"}:
                if not {d.lower().replace("-", "_") for d in provided.get(module, [module])} & named:
                    missing.add(f"{module} ({file.relative_to(ROOT)})")
    assert not missing, f"add these to requirements.in and pin them: {sorted(missing)}"


def test_no_test_begins_a_loop_on_the_thread_that_playwright_keeps() -> None:
    """It fails only when a test with a browser ran before it: `tests.loops.run_to_end` works in any order."""
    found = [
        str(file.relative_to(ROOT))
        for file in python_files("tests")
        if file.name not in ("loops.py", "test_code.py") and "asyncio.run(" in file.read_text()
    ]
    assert not found


def test_no_two_test_files_have_one_name() -> None:
    """Python would take one for the other, and only a run of all of them would say so."""
    names = [file.name for file in (ROOT / "tests").rglob("test_*.py") if "node_modules" not in file.parts]
    assert sorted(names) == sorted(set(names))
