"""Measures Trellis against what bounds it, both in the same run: `python -m bench`, or `bin/bench`."""
