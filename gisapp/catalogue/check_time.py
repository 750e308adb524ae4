"""What may be wrong with `time`: the field that says when a feature holds, or the two from when and until when."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gisapp.catalogue.check_meaning import field_facts, strings_in, unknown_field
from gisapp.catalogue.layer import Text
from gisapp.catalogue.problem import Findings

TYPES = ("date", "datetime")


def check_time(raw: Mapping[str, Any]) -> Findings:
    """One or two fields of the layer, each a date or a time."""
    names, facts = strings_in(raw, "time"), field_facts(raw)
    if "time" in raw and len(names) not in (1, 2):
        yield "time", Text("項目を1つか2つ書きます", "it names one field or two")
    for place, name in enumerate(names):
        if name not in facts:
            yield f"time[{place}]", unknown_field(name)
        elif facts[name].type not in TYPES:
            ja, en = (
                f"項目「{name}」は日付でも日時でもありません",
                f"the field “{name}” is no date and no time",
            )
            yield f"time[{place}]", Text(ja, en)
