"""Pictures are kept like vector tiles: until something in their metatile changes, and never 200 ms longer."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from gisapp import create_app, roles
from gisapp import installation as installations
from gisapp.catalogue.layer import view_for
from gisapp.rasters.metatile import draw_metatile, metatile_of
from gisapp.rasters.painters import Painters
from gisapp.rasters.pictures import picture_set
from gisapp.tiles.plan import Plan, plan
from gisapp.tiles.queries import read_tiles
from tests.conftest import visitor
from tests.tiles.cache.town import LAYER, Town

Z = 17
PIXEL = 0.968  # true metres of a CSS pixel there, about
TOILETS = "facilities.public_toilet"


@pytest.fixture(scope="module")
def painters() -> Iterator[Painters]:
    one = Painters(1)
    yield one
    one.close()


def address(x: int, y: int, z: int = Z, form: str = "png", layers: str = LAYER) -> str:
    return f"/tiles/{layers}/{z}/{x}/{y}.{form}"


def state(town: Town, path: str) -> str:
    answer = town.client.get(path)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return "hit" if "; hit" in answer.headers["Cache-Status"] else "miss"


def settled(town: Town, **where: float) -> None:
    """An AED whose being put there has been followed: what is drawn from now on is kept."""
    with town.changing():
        town.put(1, "市民ふれあい会館", **where)


def corner(town: Town) -> tuple[int, int]:
    """The first picture of the metatile in which the town's middle lies."""
    _, x, y = town.tile(zoom=Z)
    return x // 4 * 4, y // 4 * 4


def place(town: Town, left: int, top: int) -> tuple[float, float]:
    """Metres from the town's middle to the north-western corner of a picture, near enough to aim within a pixel or two."""
    low, high = [-2000.0, -2000.0], [2000.0, 2000.0]
    for _ in range(16):
        x, y = ((a + b) / 2 for a, b in zip(low, high, strict=True))
        _, column, row = town.tile(x, y, zoom=Z)
        low[0], high[0] = (low[0], x) if column >= left else (x, high[0])
        low[1], high[1] = (low[1], y) if row < top else (y, high[1])
    return low[0], low[1]


def drawn_anew(town: Town, painters: Painters, x: int, y: int) -> dict[tuple[int, int], bytes]:
    """The metatile as it must be now, without any cache."""
    layer = town.installation.catalogue.layer(LAYER)
    view = view_for(layer, frozenset())
    assert view is not None

    def read(plans: Sequence[Plan], z: int, x: int, y: int) -> bytes:
        found = read_tiles(town.installation.database, roles.PUBLIC_AUDIENCE, tuple(plans), z, x, y, helpers)
        return b"".join(found[1])

    with ThreadPoolExecutor(1) as helpers:
        return draw_metatile(painters, read, [layer], metatile_of([plan(layer, view)], Z, x, y, 1, "png"))


def test_a_metatile_is_drawn_once_and_kept(town: Town) -> None:
    settled(town)
    x, y = corner(town)
    states = [state(town, address(x + i, y + j)) for j in range(4) for i in range(4)]
    assert states == ["miss"] + ["hit"] * 15
    assert state(town, address(x, y, form="webp")) == "miss"
    assert state(town, address(x, y) + "?size=512") == "miss"
    assert state(town, address(x, y) + "?size=256") == "hit"


def test_an_edit_far_away_keeps_the_picture_and_one_in_it_does_not(town: Town) -> None:
    settled(town)
    x, y = corner(town)
    before = town.client.get(address(x, y)).get_data()
    with town.changing():
        town.put(2, "遠く", x=3000)
    assert state(town, address(x, y)) == "hit"
    with town.changing():
        town.put(1, "新しい市役所")
    shown = {state(town, address(x + i, y + j)) for i in range(4) for j in range(4)}
    assert shown == {"miss", "hit"}, "drawn anew, once"
    with town.changing():
        town.put(3, "隣", *place(town, x, y))
    assert town.client.get(address(x, y)).get_data() != before


def test_an_edit_under_a_name_that_reaches_over_the_edge_is_seen_on_both_sides(town: Town) -> None:
    x, y = corner(town)
    east, north = place(town, x + 4, y)
    settled(town, x=east - 4 * PIXEL, y=north - 380 * PIXEL)
    west_of, east_of = address(x + 3, y + 1), address(x + 4, y + 1)
    before = [town.client.get(one).get_data() for one in (west_of, east_of)]
    far = address(x + 8, y + 1)
    town.client.get(far)
    with town.changing():
        town.raw.execute("UPDATE facilities.public_facility SET name = '庁舎'")
    assert [state(town, one) for one in (west_of, east_of)] == ["miss", "miss"]
    after = [town.client.get(one).get_data() for one in (west_of, east_of)]
    assert all(one != two for one, two in zip(before, after, strict=True))
    assert state(town, far) == "hit"


def test_wherever_something_changes_no_picture_is_old(town: Town, painters: Painters) -> None:
    """Edits around the corner of four metatiles; what is served is what is drawn without a cache."""
    left, top = corner(town)
    east, north = place(town, left + 4, top + 4)
    corners = [(left + 4 * i, top + 4 * j) for i in (0, 1) for j in (0, 1)]
    chance = random.Random(5)
    for number in range(16):
        town.put(
            number, f"{number}の会館", east + chance.uniform(-300, 300), north + chance.uniform(-300, 300)
        )
    for step in range(10):
        for metatile in corners:
            town.client.get(address(*metatile))
        dx, dy = (chance.choice([-1, 1]) * chance.choice([3, 100, 123, 134, 160, 400]) * PIXEL for _ in "xy")
        before = {one: drawn_anew(town, painters, *one) for one in corners}
        with town.changing():
            town.put(100, f"第{step}", east + dx, north + dy)
        for metatile in corners:
            anew = drawn_anew(town, painters, *metatile)
            states = set()
            for (x, y), expected in anew.items():
                answer = town.client.get(address(x, y))
                assert answer.get_data() == expected, (step, dx / PIXEL, dy / PIXEL, x, y)
                states.add("; hit" in answer.headers["Cache-Status"])
            if anew != before[metatile]:
                assert False in states
        town.raw.execute("DELETE FROM facilities.public_facility WHERE id = 100")


@pytest.mark.parametrize(("pixels", "expected"), [(122, "miss"), (136, "hit")])
def test_the_reach_is_128_pixels(town: Town, pixels: int, expected: str) -> None:
    x, y = corner(town)
    east, north = place(town, x + 4, y)
    town.client.get(address(x, y))
    with town.changing():
        town.put(1, "会館", x=east + pixels * PIXEL, y=north - 500 * PIXEL)
    assert state(town, address(x, y)) == expected


def test_what_is_not_drawn_or_lies_in_another_layer_changes_no_picture(town: Town) -> None:
    settled(town)
    x, y = corner(town)
    alone, both = address(x, y), address(x, y, layers=f"{LAYER},{TOILETS}")
    town.client.get(alone), town.client.get(both)
    with town.changing():
        town.raw.execute("UPDATE facilities.public_facility SET note = '貸出中', revision = revision + 1")
    assert (state(town, alone), state(town, both)) == ("hit", "hit")
    with town.changing():
        town.raw.execute(
            "INSERT INTO facilities.public_toilet (name, geom) SELECT '公園', geom FROM facilities.public_facility"
        )
    assert (state(town, alone), state(town, both)) == ("hit", "miss")


def test_after_truncate_the_picture_is_empty(town: Town) -> None:
    empty = town.client.get(address(*corner(town))).get_data()
    settled(town)
    _, x, y = town.tile(zoom=Z)
    with town.changing():
        pass
    assert town.client.get(address(x, y)).get_data() != empty
    with town.changing():
        town.raw.execute("TRUNCATE facilities.public_facility")
    assert town.client.get(address(x, y)).get_data() == empty


def test_every_zoom_and_size_is_forgotten_also_beyond_the_last_tiles(town: Town) -> None:
    settled(town)
    paths = []
    for z in (14, 15, 17, 18, 20):
        _, x, y = town.tile(zoom=z)
        paths += [address(x, y, z) + size for size in ("", "?size=512")]
    before = [town.client.get(path).get_data() for path in paths]
    with town.changing():
        town.put(1, "後", x=2)
    assert [state(town, path) for path in paths] == ["miss"] * len(paths)
    assert all(town.client.get(path).get_data() != old for path, old in zip(paths, before, strict=True))


def test_a_picture_that_was_begun_before_a_change_is_not_kept(
    town: Town, painters: Painters, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled(town)
    _, x, y = town.tile(zoom=Z)
    drawing, go_on = threading.Event(), threading.Event()

    def slowly(*args: object) -> object:
        made = draw_metatile(*args)  # type: ignore[arg-type]
        drawing.set()
        assert go_on.wait(20)
        return made

    monkeypatch.setattr("gisapp.rasters.pictures.draw_metatile", slowly)
    with ThreadPoolExecutor(1) as pool:
        client = town.client.application.test_client()
        early = pool.submit(client.get, address(x, y))
        assert drawing.wait(20)
        monkeypatch.undo()
        with town.changing():
            town.put(1, "後")
        go_on.set()
        old = early.result().get_data()  # it had asked before
    now = drawn_anew(town, painters, x, y)[x, y]
    assert town.client.get(address(x, y)).get_data() == now != old


def test_a_hundred_askers_of_a_metatile_cost_one_drawing(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two applications: they share files only, as two web processes do."""
    settled(town)
    left, top = corner(town)
    drawings = []

    def counted(*args: object) -> object:
        drawings.append(args)
        return draw_metatile(*args)  # type: ignore[arg-type]

    monkeypatch.setattr("gisapp.rasters.pictures.draw_metatile", counted)
    other = create_app(installations.open_for_web(town.installation.settings))
    apps = [town.client.application, other]
    for app in apps:
        monkeypatch.setattr(app.extensions["gisapp_studio"].flight, "_most_waiting", 100)
    paths = [(apps[n % 2], address(left + n % 4, top + n // 4 % 4)) for n in range(100)]
    with ThreadPoolExecutor(100) as pool:
        answers = list(pool.map(lambda one: one[0].test_client().get(one[1]), paths))
    other.extensions["gisapp_keeper"].stop()
    other.extensions["gisapp_maker"].cache.close()
    assert {answer.status_code for answer in answers} == {200}
    assert len(drawings) == 1


def test_where_too_many_wait_for_pictures_the_next_is_told_to_come_back_and_tiles_go_on(town: Town) -> None:
    flight = town.client.application.extensions["gisapp_studio"].flight
    flight._waiting = flight._most_waiting
    try:
        answer = town.client.get(address(*corner(town)))
        assert town.get(town.tile()).status_code == 200
    finally:
        flight._waiting = 0
    assert answer.status_code == 503 and answer.headers["Retry-After"] == "1"
    assert town.client.get(address(*corner(town))).status_code == 200


def test_pictures_are_kept_over_restarts(town: Town) -> None:
    settled(town)
    x, y = corner(town)
    town.client.get(address(x, y))
    app = create_app(installations.open_for_web(town.installation.settings))
    try:
        assert "; hit" in visitor(app).get(address(x, y)).headers["Cache-Status"]
        assert app.extensions["gisapp_studio"].painters.pids() == []
    finally:
        app.extensions["gisapp_keeper"].stop()
        app.extensions["gisapp_maker"].cache.close()


def test_the_key_holds_all_that_the_bytes_depend_on(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    catalogue = town.installation.catalogue
    plans = []
    for name in (LAYER, TOILETS):
        layer = catalogue.layer(name)
        view = view_for(layer, frozenset())
        assert view is not None
        plans.append(plan(layer, view))
    first, second = plans
    keys = {
        picture_set(some, z, ratio, form).key
        for some in ((first,), (second,), (first, second))
        for z in (15, 17)
        for ratio in (1, 2)
        for form in ("png", "webp")
    }
    assert len(keys) == 3 * 2 * 2 * 2
    picture_set.cache_clear()
    monkeypatch.setattr("gisapp.rasters.pictures.drawing_version", lambda: "other")
    assert picture_set((first,), 17, 1, "png").key not in keys
    picture_set.cache_clear()
