"""Vector tiles: `/tiles/<layer>/{z}/{x}/{y}.mvt`, several layers in one, and their TileJSON.

From the inside out: `plan` decides what a layer's tile holds at a zoom, `statement` says it in SQL, `queries`
asks PostGIS, `content` (`rings`, `features`) makes a tile of its answer, `tilejson` describes it, `routes` answers. `cache/` keeps what was made, `making/` is the process that makes it.
"""

from gisapp.tiles.routes import tiles

__all__ = ["tiles"]
