"""What the tests of the catalogue begin with: a good layer folder, as text."""

from __future__ import annotations

import re
from typing import Any

CITY_TOML = """
code = "132237"
zone = 9
bounds = [139.3, 35.7, 139.4, 35.8]
[name]
ja = "見本市"
en = "Sample city"
"""

DEPARTMENTS = "\n".join(
    f'[{name}]\ntitle = {{ ja = "{ja}", en = "{name}" }}'
    for name, ja in {"roads": "道路", "tax": "課税", "disaster": "防災", "parks": "公園"}.items()
)

GOOD_LAYER = """
title = { ja = "認定路線", en = "Certified roads" }
geometry = "MultiLineString"
key = ["number"]
label = "{number} {name}"
see = "public"

[zoom]
min = 10
max = 16

[source]
name = { ja = "道路台帳", en = "Road register" }
licence = "CC BY 4.0"
date = 2026-04-01

[fields.number]
type = "text"
title = { ja = "路線番号", en = "Number" }
required = true
alias = ["路線番号", "路線No"]

[fields.name]
type = "text"
title = { ja = "路線名", en = "Name" }

[fields.width]
type = "number"
title = { ja = "幅員", en = "Width" }
unit = "m"

[fields.lit]
type = "boolean"
title = { ja = "照明", en = "Lit" }

[fields.surface]
type = "integer"
title = { ja = "舗装", en = "Surface" }
codes = "surface"

[fields.price]
type = "integer"
title = { ja = "価格", en = "Price" }
see = ["tax"]

[codes.surface]
confirmed = true
source = "道路台帳の区分"
[codes.surface.values]
2 = { ja = "コンクリート", en = "Concrete" }
1 = { ja = "アスファルト", en = "Asphalt" }
9 = { ja = "砂利", en = "Gravel" }
"""

GOOD_STYLE: list[dict[str, Any]] = [
    {
        "id": "line",
        "type": "line",
        "metadata": {"slot": "line", "legend": True},
        "paint": {"line-color": "#808080", "line-width": 2},
    }
]


def without(name: str) -> str:
    """The good layer.toml without the line or table that begins with `name`."""
    if name.startswith("["):
        return re.sub(rf"(?ms)^{re.escape(name)}$.*?(?=^\[|\Z)", "", GOOD_LAYER)
    return re.sub(rf"(?m)^{name} = .*$", "", GOOD_LAYER, count=1)
