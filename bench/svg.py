"""Small charts as SVG text: shapes by class, colours for light and dark pages in one place, equal input gives equal bytes."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape

STYLE = """
text { font-family: "Noto Sans CJK JP", "Hiragino Sans", "Yu Gothic", "Segoe UI", sans-serif; font-size: 12px; fill: #24292f }
.title { font-size: 15px; font-weight: 600 } .small { font-size: 11px } .end { text-anchor: end } .middle { text-anchor: middle }
.faint { fill: #5f6873 } .on { fill: #ffffff }
.a { fill: #123a6b } .b { fill: #0b57b7 } .c { fill: #6f9fd8 } .d { fill: #8b949e } .e { fill: #c3c9d0 } .miss { fill: #2b2f36 }
.h0 { fill: #eef3fa } .h1 { fill: #c9dbf1 } .h2 { fill: #8fb5e3 } .h3 { fill: #0b57b7 } .h4 { fill: #123a6b }
.grid { stroke: #d5dae0 } .reach { stroke: #5f6873; stroke-dasharray: 4 3 }
.line { fill: none; stroke: #8b949e; stroke-opacity: .55 } .line-a { fill: none; stroke: #123a6b; stroke-width: 2.5 }
.line-b { fill: none; stroke: #0b57b7; stroke-width: 2.5; stroke-dasharray: 7 3 }
@media (prefers-color-scheme: dark) {
 text { fill: #e6edf3 } .faint { fill: #9aa4af } .on { fill: #ffffff } .night { fill: #0d1117 }
 .a { fill: #6ea8ff } .b { fill: #2f7de1 } .c { fill: #9cc3f3 } .d { fill: #8b949e } .e { fill: #545d68 } .miss { fill: #e6edf3 }
 .h0 { fill: #161f2c } .h1 { fill: #1c3352 } .h2 { fill: #24528a } .h3 { fill: #0b57b7 } .h4 { fill: #123a6b }
 .grid { stroke: #30363d } .reach { stroke: #9aa4af }
 .line { stroke: #8b949e } .line-a { stroke: #6ea8ff } .line-b { stroke: #9cc3f3 }
}
"""


@dataclass
class Drawing:
    """A picture that grows by shapes; coordinates are pixels from the top left corner."""

    width: int
    title: str
    parts: list[str] = field(default_factory=list)
    height: float = 0.0

    def text(self, x: float, y: float, words: str, classes: str = "") -> None:
        """Words with their baseline at `y`."""
        self._reach(y + 8)
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}"{_class(classes)}>{escape(words)}</text>')

    def rect(self, x: float, y: float, width: float, height: float, classes: str, says: str = "") -> None:
        """A filled box; `says` is shown where a pointer rests on it."""
        self._reach(y + height)
        inside = f"<title>{escape(says)}</title>" if says else ""
        size = f'width="{max(width, 0.5):.1f}" height="{height:.1f}"'
        self.parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" {size}{_class(classes)}>{inside}</rect>')

    def line(self, points: list[tuple[float, float]], classes: str, says: str = "") -> None:
        """A line through points."""
        self._reach(max(y for _, y in points))
        inside = f"<title>{escape(says)}</title>" if says else ""
        path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        self.parts.append(f'<path d="{path}"{_class(classes)}>{inside}</path>')

    def done(self) -> str:
        """The whole SVG."""
        size = f'viewBox="0 0 {self.width} {self.height + 10:.0f}" width="{self.width}" height="{self.height + 10:.0f}"'
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img"><title>{escape(self.title)}</title>'
        )
        return "\n".join([head, f"<style>{STYLE}</style>", *self.parts, "</svg>"]) + "\n"

    def _reach(self, y: float) -> None:
        self.height = max(self.height, y)


def _class(classes: str) -> str:
    return f' class="{classes}"' if classes else ""
