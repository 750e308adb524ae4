"""Parameters are read strictly: what is not what it should be gets a sentence, never a guess."""

from __future__ import annotations

import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from gisapp import errors
from gisapp.features import cursor, parameters


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "x",
        "nan",
        "inf",
        "-inf",
        "1e400",
        "1_0",
        "１３９",
        "0x10",
        " 5",
        "5 ",
        "--5",
        "1,5",
        "9" * 400,
        "5;",
    ],
)
def test_what_is_not_a_number_is_refused(raw: str) -> None:
    with pytest.raises(errors.ParameterInvalid):
        parameters.number({"lon": raw}, "lon", -180, 180)


@pytest.mark.parametrize(("raw", "value"), [("139.5", 139.5), ("-.5", -0.5), ("+1e2", 100.0), ("5.", 5.0)])
def test_numbers_may_be_written_in_any_usual_way(raw: str, value: float) -> None:
    assert parameters.number({"lon": raw}, "lon", -180, 180) == value


def test_a_number_outside_its_range_is_refused_with_the_range() -> None:
    with pytest.raises(errors.ParameterInvalid) as caught:
        parameters.number({"lat": "91"}, "lat", -90, 90)
    assert "-90〜90" in caught.value.sentence("ja") and "from -90 to 90" in caught.value.sentence("en")


@pytest.mark.parametrize("raw", ["0", "-1", "1.0", "1e9", "x", "٣", "9" * 31])
def test_what_is_not_a_whole_number_is_refused(raw: str) -> None:
    with pytest.raises(errors.ParameterInvalid):
        parameters.whole({"limit": raw}, "limit", 10)


@pytest.mark.parametrize(
    "raw",
    [
        "1,2,3", "1,2,3,4,5", "1,2,3,4,5,6", "1,2,,4", "nan,1,2,3", "1,inf,2,3", "a,b,c,d", "1 2 3 4",
        "139,36,140,35",  # south above north
        "200,35,139,36",  # west beyond 180 and greater than east
    ],
)  # fmt: skip
def test_what_is_not_a_box_is_refused(raw: str) -> None:
    with pytest.raises(errors.ParameterInvalid):
        parameters.box({"bbox": raw})


def test_a_box_is_west_south_east_north_and_may_cross_180_degrees() -> None:
    assert parameters.box({"bbox": "139.3, 35.7, 139.4, 35.8"}) == (139.3, 35.7, 139.4, 35.8)
    assert parameters.box({"bbox": "170,-10,-170,10"}) == (170, -10, -170, 10)
    assert parameters.box({}) is None


@pytest.mark.parametrize(
    "raw",
    [
        "2026-04-01T00:00:00Z", "2026-04-01t00:00:00z", "2026-04-01", "2026-04-01T09:30:00.25+09:00",
        "../2026-04-01", "2026-04-01/..", "2026-04-01/", "/2026-04-01", "2026-04-01/2026-04-01",
    ],
)  # fmt: skip
def test_moments_and_intervals_of_rfc_3339_are_taken(raw: str) -> None:
    parameters.interval({"datetime": raw})


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "..",
        "/",
        "../..",
        "2026",
        "2026-13-01",
        "2026-02-30",
        "yesterday",
        "2026-04-02/2026-04-01",
        "a/b",
        "1/2/3",
    ],
)
def test_other_words_are_no_moment(raw: str) -> None:
    with pytest.raises(errors.ParameterInvalid):
        parameters.interval({"datetime": raw})


def test_unknown_and_repeated_parameters_are_refused_by_name() -> None:
    with pytest.raises(errors.ParameterInvalid, match="layer"):
        parameters.known(MultiDict([("layer", "x")]), ("layers",))
    with pytest.raises(errors.ParameterInvalid, match="lon"):
        parameters.known(MultiDict([("lon", "1"), ("lon", "2")]), ("lon",))


@given(st.integers(0, 2**63 - 1))
def test_a_cursor_leads_back_to_where_it_was_made(feature: int) -> None:
    assert cursor.unpack(cursor.pack(feature)) == feature


@given(st.text(max_size=60))
def test_what_is_no_cursor_is_refused(raw: str) -> None:
    with suppress(errors.ParameterInvalid):
        assert cursor.unpack(raw) >= 0  # a few short words happen to be cursors


@pytest.mark.parametrize("keys", [(-1,), (2**63,), ("1",), (1, 2), (True,), (math.pi,), ()])
def test_a_cursor_of_other_keys_is_refused(keys: tuple[int, ...]) -> None:
    with pytest.raises(errors.ParameterInvalid):
        cursor.unpack(cursor.pack(*keys))
