"""What a tile leaves out is what MapLibre would not draw: conditions as SQL against MapLibre's own evaluator."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql
from sqlalchemy import Connection

from gisapp.catalogue.check_expression import check_filter
from gisapp.catalogue.check_meaning import FieldFacts
from gisapp.installation import Installation
from gisapp.settings import ROOT
from gisapp.tiles.condition import YES, Condition, condition, may_hold, may_show
from gisapp.tiles.operand import CannotSay

FOLDER = ROOT / "tests" / "npm"
KINDS = {
    "name": "text",
    "kana": "text",
    "class": "integer",
    "lanes": "integer",
    "width": "number",
    "depth": "number",
    "lit": "boolean",
    "day": "date",
}
TYPES = {"text": "text", "integer": "bigint", "number": "float8", "boolean": "boolean", "date": "date"}
TEXTS = ["", "a", "B", "本町", "Ａ", "𠮷野", "50%", "o'k\\", "2026-04-01", "1", "true"]
VALUES: dict[str, list[Any]] = {
    "text": TEXTS,
    "integer": [0, 1, 2, 3, -1, 2**53 + 1, 10],
    "number": [0.0, 1.0, 2.5, -0.5, 3.0, 1e21, float("inf")],
    "boolean": [True, False],
    "date": ["2026-04-01", "2025-12-31"],
}
FIELDS: dict[str, list[str]] = {}
for _name, _kind in KINDS.items():
    FIELDS.setdefault("text" if _kind == "date" else _kind, []).append(_name)
NUMBERS = st.sampled_from([0, 1, 2, 3, 10, -1, 2.5, 1.0])
Ask = Callable[..., dict[str, list[list[Any] | None]]]

rows = st.fixed_dictionaries(
    {name: st.none() | st.sampled_from(VALUES[kind]) for name, kind in KINDS.items()}
)


def got(*kinds: str) -> st.SearchStrategy[list[str]]:
    names = [name for name, kind in KINDS.items() if kind in kinds]
    return st.sampled_from(names).map(lambda name: ["get", name])


text_operands = st.recursive(
    got("text", "date") | st.sampled_from(TEXTS).map(lambda text: ["literal", text]),
    lambda inner: st.one_of(
        st.lists(inner | st.sampled_from(TEXTS), min_size=1, max_size=3).map(lambda p: ["concat", *p]),
        st.one_of(inner, got("boolean", "integer", "number")).map(lambda part: ["to-string", part]),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: ["coalesce", *parts]),
    ),
    max_leaves=3,
)
number_operands = st.one_of(
    got("integer", "number"),
    st.just(["zoom"]),
    st.lists(got("integer", "number"), min_size=1, max_size=2).map(lambda parts: ["coalesce", *parts]),
)


def compared(operands: st.SearchStrategy[Any], literals: st.SearchStrategy[Any], operators: list[str]) -> Any:
    sides = st.tuples(operands, operands | literals)
    sides = sides | sides.map(lambda pair: pair[::-1])
    return st.tuples(st.sampled_from(operators), sides).map(lambda found: [found[0], *found[1]])


EQUAL, ALL = ["==", "!="], ["==", "!=", "<", "<=", ">", ">="]
leaves = st.one_of(
    compared(text_operands, st.sampled_from(TEXTS), ALL),
    compared(number_operands, NUMBERS, ALL),
    compared(got("boolean"), st.booleans(), EQUAL),
    compared(got("text", "integer", "boolean", "number"), st.nothing(), ALL),  # of any two families
    st.sampled_from(list(KINDS)).map(lambda name: ["has", name]),
    got("boolean"),
    st.booleans(),
    st.tuples(text_operands, st.lists(st.sampled_from(TEXTS), max_size=3)).map(
        lambda found: ["in", found[0], ["literal", found[1]]]
    ),
    st.tuples(number_operands, st.lists(NUMBERS, max_size=3)).map(
        lambda found: ["in", found[0], ["literal", found[1]]]
    ),
)


def branched(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    labels = st.lists(st.sampled_from([0, 1, 2, 3, 10]), min_size=1, max_size=3, unique=True)
    words = st.lists(st.sampled_from(TEXTS), min_size=1, max_size=3, unique=True)
    return st.one_of(
        st.tuples(got("integer", "number"), labels, inner, inner).map(lambda found: ["match", *found]),
        st.tuples(got("text"), words, inner, inner).map(lambda found: ["match", *found]),
        st.tuples(inner, inner, inner, inner, inner).map(lambda found: ["case", *found]),
        st.tuples(got("integer", "number"), inner, inner, inner).map(
            lambda found: ["step", found[0], found[1], 1, found[2], 2.5, found[3]]
        ),
    )


conditions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        inner.map(lambda part: ["!", part]),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: ["all", *parts]),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: ["any", *parts]),
        branched(inner),
    ),
    max_leaves=6,
)
shown = st.one_of(
    text_operands,
    st.tuples(got("integer"), st.sampled_from(TEXTS), text_operands).map(
        lambda found: ["match", found[0], [1, 2], found[1], found[2]]
    ),
    st.tuples(leaves, text_operands, st.sampled_from(TEXTS)).map(lambda found: ["case", *found]),
    st.tuples(number_operands, st.sampled_from(TEXTS), text_operands).map(
        lambda found: ["step", found[0], found[1], 2, found[2]]
    ),
)


@pytest.fixture(scope="module")
def maplibre() -> Iterator[Ask]:
    """Asks MapLibre's evaluator what filters find and what text-fields write, for each row."""
    node = shutil.which("node")
    if node is None or not (FOLDER / "node_modules" / "@maplibre").is_dir():
        pytest.skip("MapLibre's style specification is not here: run `make test-environment` with npm")
    command = [node, "conditions.mjs"]
    child = subprocess.Popen(command, cwd=FOLDER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdin is not None and child.stdout is not None

    def ask(filters: list[Any], texts: list[Any], rows: list[dict[str, Any]]) -> Any:
        assert child.stdin is not None and child.stdout is not None
        # A tile carries no empty field; JSON carries no infinity, but a number that is too large for it.
        carried = [{name: value for name, value in row.items() if value is not None} for row in rows]
        question = {"filters": filters, "texts": texts, "rows": carried, "zoom": 12}
        child.stdin.write(json.dumps(question).replace("Infinity", "1e999") + "\n")
        child.stdin.flush()
        return json.loads(child.stdout.readline())

    yield ask
    child.stdin.close()
    child.wait(10)


@pytest.fixture(scope="module")
def connection(installation: Installation) -> Iterator[Connection]:
    with installation.database.transaction("owner") as connection:
        yield connection


def answers(connection: Connection, wheres: list[Condition], rows: list[dict[str, Any]]) -> list[list[Any]]:
    """For each condition what it is for each row."""
    columns = sql.SQL(", ").join(
        sql.SQL("({} ->> {})::{} AS {}").format(
            sql.Literal("%s"), sql.Literal(name), sql.SQL(TYPES[kind]), sql.Identifier(name)
        )
        for name, kind in KINDS.items()
    )
    listed = columns.as_string(None).replace("'%s'", "value")
    asked = ", ".join(where.text() for where in wheres)
    query = f"SELECT {asked} FROM (SELECT number, {listed} FROM jsonb_array_elements(%s::jsonb) WITH ORDINALITY AS r (value, number)) AS f ORDER BY number"
    carried = [{n: "Infinity" if v == float("inf") else v for n, v in row.items()} for row in rows]
    found = connection.exec_driver_sql(query, (json.dumps(carried),)).all()
    return [list(column) for column in zip(*found, strict=True)]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(conditions, min_size=20, max_size=20), st.lists(rows, min_size=12, max_size=12))
def test_sql_never_leaves_out_what_maplibre_draws_and_is_exact_where_it_says_so(
    maplibre: Ask, connection: Connection, filters: list[Any], rows: list[dict[str, Any]]
) -> None:
    found = maplibre(filters, [], rows)["filters"]
    asked = [(one, true) for one, true in zip(filters, found, strict=True) if true is not None]
    loose = answers(connection, [may_hold(one, KINDS) for one, _ in asked] + [YES], rows)
    for (expression, true), kept in zip(asked, loose[:-1], strict=True):
        assert None not in kept, expression
        try:
            condition(expression, KINDS)
        except CannotSay:
            assert all(keep for keep, draw in zip(kept, true, strict=True) if draw), expression
        else:
            assert kept == true, expression


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(shown, min_size=20, max_size=20), st.lists(rows, min_size=12, max_size=12))
def test_a_label_is_left_out_only_where_maplibre_writes_nothing(
    maplibre: Ask, connection: Connection, texts: list[Any], rows: list[dict[str, Any]]
) -> None:
    found = maplibre([], texts, rows)["texts"]
    asked = [(one, true) for one, true in zip(texts, found, strict=True) if true is not None]
    loose = answers(connection, [may_show(one, KINDS) for one, _ in asked] + [YES], rows)
    for (text, true), kept in zip(asked, loose[:-1], strict=True):
        assert all(keep for keep, said in zip(kept, true, strict=True) if said), text


KNOWN: list[tuple[Any, dict[str, Any], bool]] = [
    (["<", ["get", "width"], 5], {}, False),
    (["!", ["<", ["get", "width"], 5]], {}, False),  # no answer is not the contrary of false
    (["!", ["==", ["get", "width"], 5]], {}, True),
    (["any", ["<", ["get", "width"], 5], ["has", "name"]], {"name": "a"}, False),  # stops without an answer
    (["any", ["has", "name"], ["<", ["get", "width"], 5]], {"name": "a"}, True),
    (["!=", ["get", "name"], ["get", "kana"]], {}, False),
    (["==", ["get", "name"], ["get", "class"]], {}, True),
    (["match", ["get", "class"], [1, 2], True, False], {"class": 2}, True),
    (["match", ["get", "class"], [1, 2], False, True], {}, True),
    (["step", ["get", "width"], True, 2, False], {}, False),
    (["<", ["get", "name"], "𠮷"], {"name": "Ａ"}, False),  # UTF-16 has them in the other order
    (["==", ["get", "name"], "50%"], {"name": "50%"}, True),
    (["==", ["get", "name"], "o'k\\"], {"name": "o'k\\"}, True),
    (["in", ["get", "day"], ["literal", ["2026-04-01"]]], {"day": "2026-04-01"}, True),
]


@pytest.mark.parametrize(("expression", "row", "drawn"), KNOWN, ids=[str(one[0]) for one in KNOWN])
def test_missing_values_mean_what_they_mean_to_maplibre(
    connection: Connection, maplibre: Ask, expression: Any, row: dict[str, Any], drawn: bool
) -> None:
    whole = {name: row.get(name) for name in KINDS}
    assert maplibre([expression], [], [whole])["filters"] == [[drawn]]
    ((kept,),) = answers(connection, [may_hold(expression, KINDS)], [whole])
    assert kept is drawn or kept is True


def test_the_expressions_tried_are_those_that_a_folder_may_hold() -> None:
    facts = {name: FieldFacts(kind, None, True) for name, kind in KINDS.items()}
    for expression, _, _ in KNOWN[:5]:
        assert not list(check_filter("filter", expression, facts))


def test_a_part_that_sql_cannot_say_keeps_what_the_others_keep(connection: Connection) -> None:
    unsaid = [">", ["zoom"], 11]
    row = {name: None for name in KINDS}
    asked = [
        may_hold(["all", ["has", "name"], unsaid], KINDS),
        may_hold(["any", ["has", "name"], unsaid], KINDS),
        may_hold(["!", unsaid], KINDS),
    ]
    ((none,), (whole,), (not_known,)) = answers(connection, asked, [row])
    assert (none, whole, not_known) == (False, True, True)


def test_not_a_number_is_neither_equal_nor_larger(connection: Connection) -> None:
    row = {name: None for name in KINDS} | {"width": "NaN", "depth": "NaN"}
    expressions = [
        ["<", ["get", "width"], 1],
        [">", ["get", "width"], 1],
        [">=", ["get", "width"], ["get", "depth"]],
        ["==", ["get", "width"], ["get", "depth"]],
        ["!=", ["get", "width"], ["get", "depth"]],
        ["step", ["get", "width"], True, 1, True],
    ]
    found = answers(connection, [may_hold(one, KINDS) for one in expressions], [row])
    assert found == [[False], [False], [False], [False], [True], [False]]


def test_a_field_that_the_view_lacks_is_nothing_and_is_not_named() -> None:
    less = {name: kind for name, kind in KINDS.items() if name != "name"}
    for expression in (
        ["has", "name"],
        ["==", ["get", "name"], "a"],
        ["!=", ["get", "name"], ["get", "kana"]],
    ):
        assert '"name"' not in may_hold(expression, less).text()
    assert may_show(["get", "name"], less).text() == "false"
