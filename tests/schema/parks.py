"""A layer of trees, some of them drafts, and its copy of open rows: what the tests of row rules ask and change."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from gisapp.catalogue.load import load_catalogue
from gisapp.installation import Installation
from gisapp.schema.sync import sync
from gisapp.settings import ROOT, load_city
from tests.schema.test_sync import STYLE, TOML

RULE = """
[rows]
column = "status"
open = ["公開", "確定"]
"""
RULED = (
    TOML.replace("min = 14", "min = 12")
    + RULE
    + """
[fields.status]
type = "text"
title = { ja = "状態", en = "Status" }
[search]
kind = "facility"
names = ["kind"]
[[zoom.generalised]]
min = 12
max = 13
how = "cluster"
by = ["kind"]
"""
)
SECRET = "秘密の候補地77123"
TREE = "facilities.tree"
COPY = "open_rows.facilities__tree"
OPEN = "status IN ('公開', '確定')"

INSERT = f"INSERT INTO {TREE} (number, kind, status, geom) VALUES (%s, %s, %s, ST_SetSRID(ST_MakePoint(%s, -27000), 6677))"


@dataclass
class Parks:
    """The musashimurayama installation with a layer of trees, some of them drafts."""

    base: Installation
    folder: Path
    now: Installation
    style: str = STYLE

    @classmethod
    @contextmanager
    def opened(cls, base: Installation, folder: Path, style: str = STYLE) -> Iterator[Parks]:
        """With layer folders of its own, copied to `folder`; the trees are gone afterwards, and what was made of them."""
        for name in ("layers", "cities/musashimurayama"):
            shutil.copytree(ROOT / name, folder / name)
        parks = cls(base, folder, base, style)
        yield parks
        parks.ask(f"DROP TABLE IF EXISTS {TREE} CASCADE")
        sync(base)

    def with_layer(self, toml: str) -> list[str]:
        """Sync with this layer.toml (empty: none); returns what was done."""
        tree = self.folder / "cities" / "musashimurayama" / "layers" / "facilities" / "tree"
        shutil.rmtree(tree, ignore_errors=True)
        if toml:
            tree.mkdir(parents=True)
            (tree / "layer.toml").write_text(toml)
            (tree / "style.json").write_text(self.style)
        city = load_city("musashimurayama", self.folder)
        self.now = replace(self.base, city=city, catalogue=load_catalogue(city, self.folder))
        return sync(self.now)

    def ask(self, question: str, *values: object, role: str = "owner") -> list[tuple[object, ...]]:
        with self.now.database.transaction(role) as connection:
            question = question if values else question.replace("%", "%%")
            found = connection.exec_driver_sql(question, values or None)
            return [tuple(row) for row in found] if found.returns_rows else []

    def add(self, number: str, kind: str, status: str | None, x: float = -40000) -> None:
        self.ask(INSERT, number, kind, status, x)

    def in_step(self) -> bool:
        """Whether the copy is the open rows, in every column, and nothing else."""
        columns = "id, number, kind, value, status, geom::text, geom_web::text, revision"
        one = f"(SELECT {columns} FROM {TREE} WHERE {OPEN})"
        other = f"(SELECT {columns} FROM {COPY})"
        return not self.ask(f"({one} EXCEPT ALL {other}) UNION ALL ({other} EXCEPT ALL {one})")

    def noted(self, act: Callable[[], object]) -> list[tuple[object, ...]]:
        """What `act` has caches of the copy know: changed columns, number of boxes."""
        ((last,),) = self.ask("SELECT max(id) FROM gisapp.tile_change")
        act()
        return self.ask(
            "SELECT columns, cardinality(boxes) / 4 FROM gisapp.tile_change WHERE id > %s AND relation = %s ORDER BY id",
            last,
            COPY,
        )
