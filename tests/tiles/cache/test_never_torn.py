"""A joined tile shows all its layers as they were at one moment, also where some of them were kept and some are read anew."""

from __future__ import annotations

import threading
import time

from tests.conftest import visitor
from tests.tiles.cache.town import LAYER, Town, connect
from tests.tiles.decoding import decode

OTHER = "facilities.public_toilet"
JOINED = f"{LAYER},{OTHER},base.building,roads.street,base.water"
SECONDS = 6.0


def test_two_layers_that_change_together_are_never_seen_apart(town: Town) -> None:
    town.put(1, "0")
    town.raw.execute(f"INSERT INTO {OTHER} (name, geom) SELECT '0', geom FROM {LAYER}")
    tile, seen, wrong = town.tile(), set(), []
    until = time.monotonic() + SECONDS

    def change() -> None:
        with connect(town.installation) as raw:
            version = 0
            while time.monotonic() < until:
                version += 1
                with raw.transaction():
                    for layer in (LAYER, OTHER):
                        raw.execute(f"UPDATE {layer} SET name = '{version}'")  # type: ignore[call-overload]
                time.sleep(0.03)

    def touch() -> None:
        """Changes one of the layers only, so that the other is often kept."""
        with connect(town.installation) as raw:
            while time.monotonic() < until:
                raw.execute(f"UPDATE {OTHER} SET geom = ST_Translate(geom, 0.01, 0)")  # type: ignore[call-overload]
                time.sleep(0.05)

    def look() -> None:
        client = visitor(town.client.application)
        while time.monotonic() < until:
            data = client.get(f"/tiles/{JOINED}/{'/'.join(map(str, tile))}.mvt").get_data()
            found = decode(data, *tile)
            names = {found[layer][0].properties["name"] for layer in (LAYER, OTHER)}
            seen.update(names)
            if len(names) > 1:
                wrong.append(names)

    threads = [threading.Thread(target=work) for work in (change, touch, look, look)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong, f"{len(wrong)} torn: {wrong[:3]}"
    assert len(seen) > 10
