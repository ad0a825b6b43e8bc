"""Draws a week of corrections as an SVG that reads on light and dark paper."""

from collections.abc import Callable, Sequence
from typing import Protocol

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 380, 52, 190, 62, 68
LOW, HIGH, STEP = 0.5, 1.0, 0.1
STYLE = """\
text { font: 13px system-ui, sans-serif; fill: #4a524d }
.title { font-size: 16px; font-weight: 600; fill: #1e2421 }
.grid { stroke: #d9d5ca; stroke-width: 1 }
.domain { stroke: #a5480f; fill: none; stroke-width: 3 }
.frozen { stroke: #2f6f5e; fill: none; stroke-width: 3 }
.before { stroke-width: 1.5; stroke-dasharray: 3 5 }
circle.domain { fill: #a5480f; stroke: none }
circle.frozen { fill: #2f6f5e; stroke: none }
text.domain { fill: #a5480f; stroke: none; font-weight: 600 }
text.frozen { fill: #2f6f5e; stroke: none; font-weight: 600 }
@media (prefers-color-scheme: dark) {
  text { fill: #b9c0bb } .title { fill: #eef1ee } .grid { stroke: #3b423e }
  .domain { stroke: #e8935c } .frozen { stroke: #6fc0a8 }
  circle.domain, text.domain { fill: #e8935c } circle.frozen, text.frozen { fill: #6fc0a8 }
}"""


class Night(Protocol):
    """What stood after the training of a night."""

    @property
    def corrections(self) -> int: ...
    @property
    def domain(self) -> float: ...
    @property
    def frozen(self) -> float: ...
    @property
    def verdict(self) -> str: ...
    @property
    def left_out(self) -> bool: ...


def draw_week(nights: Sequence[Night]) -> str:
    """Two lines, night by night; the first night is the model as it was shipped."""
    steps = round((HIGH - LOW) / STEP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="title">',
        f'<title id="title">Macro-F1 over a week of corrections: {nights[0].domain:.2f} to {nights[-1].domain:.2f} on the'
        f" new domain, {nights[0].frozen:.2f} to {nights[-1].frozen:.2f} on the frozen messages</title>",
        f"<style>{STYLE}</style>",
        _text(LEFT, 24, "A week of corrections: macro-F1, night by night", kind="title"),
        _text(
            LEFT,
            43,
            f"Four teammates, one always mistaken{_found(nights)}; on messages nobody corrected",
        ),
    ]
    for step in range(steps + 1):
        value = LOW + step * STEP
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{_y(value)}" y2="{_y(value)}"/>')
        parts.append(_text(LEFT - 8, _y(value) + 4, f"{value:.1f}", anchor="end"))
    for place, night in enumerate(nights):
        x = _x(place, len(nights))
        parts.append(_text(x, HEIGHT - BOTTOM + 22, f"day {place}" if place else "shipped", anchor="middle"))
        parts.append(_text(x, HEIGHT - BOTTOM + 39, str(night.corrections), anchor="middle"))
        if place:
            parts.append(_text(x, HEIGHT - BOTTOM + 56, _verdict(night), anchor="middle"))
    parts.append(_text(WIDTH - RIGHT + 18, HEIGHT - BOTTOM + 39, "corrections so far"))
    parts.append(_text(WIDTH - RIGHT + 18, HEIGHT - BOTTOM + 56, "challenger"))
    parts += _line(nights, "domain", "new domain", lambda night: night.domain)
    parts += _line(nights, "frozen", "frozen messages", lambda night: night.frozen)
    return "\n".join([*parts, "</svg>", ""])


def _found(nights: Sequence[Night]) -> str:
    days = [str(day) for day, night in enumerate(nights) if night.left_out]
    return f" (left out since day {days[0]})" if days else ""


def _line(nights: Sequence[Night], kind: str, name: str, value_of: Callable[[Night], float]) -> list[str]:
    points = [(_x(place, len(nights)), _y(value_of(night))) for place, night in enumerate(nights)]
    first, (end_x, end_y) = points[0], points[-1]
    return [
        f'<line class="{kind} before" x1="{first[0]}" x2="{end_x}" y1="{first[1]}" y2="{first[1]}"/>',
        f'<polyline class="{kind}" points="{" ".join(f"{x},{y}" for x, y in points)}"/>',
        *(f'<circle class="{kind}" cx="{x}" cy="{y}" r="4"/>' for x, y in points),
        _text(end_x + 12, end_y + 4, f"{value_of(nights[-1]):.2f} {name}", kind=kind),
    ]


def _verdict(night: Night) -> str:
    return "refused" if night.verdict else "serves"


def _x(place: int, count: int) -> float:
    return round(LEFT + 24 + place * (WIDTH - LEFT - RIGHT - 36) / max(count - 1, 1), 1)


def _y(value: float) -> float:
    share = (min(max(value, LOW), HIGH) - LOW) / (HIGH - LOW)
    return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)


def _text(x: float, y: float, words: str, *, anchor: str = "start", kind: str = "") -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<text{named} x="{x}" y="{y}" text-anchor="{anchor}">{words}</text>'
