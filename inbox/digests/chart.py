"""Draws the complaint trend as a PNG, which every mail program shows. Drawn at twice its size for sharp screens."""

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT, SCALE = 560, 168, 2
PAPER, INK, FAINT, LINE, RUST = "#ffffff", "#1e2421", "#6c746f", "#e4e0d6", "#a5480f"
RUST_SOFT = "#e3b493"


def draw_bars(bars: Sequence[tuple[str, int]]) -> bytes:
    """A PNG of 1120 × 336 pixels: a bar for each (label, count), its number above and its label below, the last one strong."""
    image = Image.new("RGB", (WIDTH * SCALE, HEIGHT * SCALE), PAPER)
    pen = ImageDraw.Draw(image)
    words, numbers = ImageFont.load_default(12 * SCALE), ImageFont.load_default(13 * SCALE)
    top, floor = 26 * SCALE, (HEIGHT - 28) * SCALE
    step = WIDTH * SCALE / max(1, len(bars))
    most = max((count for _, count in bars), default=0) or 1
    for place, (label, count) in enumerate(bars):
        middle = step * (place + 0.5)
        height = (floor - top) * count / most
        last = place == len(bars) - 1
        half = step * 0.3
        if count:
            pen.rounded_rectangle(
                (middle - half, floor - max(height, 3 * SCALE), middle + half, floor),
                radius=4 * SCALE,
                fill=RUST if last else RUST_SOFT,
                corners=(True, True, False, False),
            )
        pen.text(
            (middle, floor - height - 4 * SCALE), str(count), fill=INK if last else FAINT, font=numbers, anchor="md"
        )
        pen.text((middle, floor + 6 * SCALE), label, fill=INK if last else FAINT, font=words, anchor="ma")
    pen.line((0, floor, WIDTH * SCALE, floor), fill=LINE, width=SCALE)
    out = io.BytesIO()
    image.quantize(64).save(out, "PNG", optimize=True)
    return out.getvalue()


def bars_of(complaints: Sequence[tuple[str, int]], language: str) -> list[tuple[str, int]]:
    """The trend of a digest, week by week, under the labels of its language: "KW 47" or "W 47"."""
    prefix = "KW" if language == "de" else "W"
    return [(f"{prefix} {int(week[-2:])}", count) for week, count in complaints]
