"""Imports only go down the ladder that pyproject.toml declares, and no platform knows another."""

import subprocess
import sys
from pathlib import Path

import grimp

from inbox.connectors.registry import CHANNELS, TRACKERS

ROOT = Path(__file__).resolve().parents[2]


def test_every_contract_is_kept() -> None:
    # In a process of its own, because it silences the loggers that later tests listen to.
    told = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stdout


def test_no_platform_speaks_through_another() -> None:
    """A format, such as that of a mail, may be read for several kinds; connections and connectors are each kind's own."""
    listed = [place.partition(":")[0] for place in (*CHANNELS.values(), *TRACKERS.values())]
    # Other tests of this process may have listed a platform of their own.
    places = [place for place in listed if place.startswith("inbox.connectors.")]
    platforms = {place.rpartition(".")[2].partition("_")[0] for place in places}
    graph = grimp.build_graph("inbox", cache_dir=None)
    of = {
        module: name
        for module in graph.modules
        if module.startswith("inbox.connectors.") and (name := module.rpartition(".")[2].partition("_")[0]) in platforms
    }
    assert len(set(of.values())) == len(platforms)
    wires = {"inbox.connectors.http", "inbox.connectors.email_socket"}
    own = {module for module in of if module in places or graph.find_upstream_modules(module) & wires} | (
        wires & of.keys()
    )
    known = [
        f"{importer} -> {imported}"
        for importer, platform in of.items()
        for imported in graph.find_upstream_modules(importer) & own
        if of[imported] != platform
    ]
    assert not known
