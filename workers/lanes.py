"""Errands that wait for strangers, each in a thread of its own, fair to every host: one that is slow delays no other.

Nothing here knows what slow is. No host has more than a few lanes, and none has more than are left free for the others.
"""

import heapq
import logging
import threading
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Generic, TypeVar

log = logging.getLogger(__name__)

LANES, PER_HOST = 64, 8

Errand = TypeVar("Errand")
Look = Callable[[Collection[int], Collection[str]], Iterable[tuple[int, str]]]
Claim = Callable[[Collection[int]], Mapping[int, Errand]]


class Lanes(Generic[Errand]):
    """Does what is due, many at once; whoever ends lets the next begin, until nothing is due any more.

    `look` finds the keys of what is due with their hosts, the oldest first, besides some keys and without some hosts;
    `claim` makes errands of those keys that nobody else has taken; `do` does one.
    """

    def __init__(
        self,
        look: Look,
        claim: Claim[Errand],
        do: Callable[[Errand], None],
        *,
        lanes: int = LANES,
        per_host: int = PER_HOST,
    ) -> None:
        self._look, self._claim, self._do = look, claim, do
        self._lanes, self._per_host = lanes, per_host
        self._waiting: dict[str, deque[int]] = {}
        self._running: dict[int, tuple[str, Errand]] = {}
        self._changed = threading.Condition()
        self._is_closed = False

    def run(self, patience: float) -> None:
        """Begin whatever may; returns when all is done, or after `patience` seconds, and the rest goes on by itself."""
        with self._changed:
            self._waiting.clear()
            self._begin()
            self._changed.wait_for(lambda: not self._running, patience)

    def close(self, patience: float) -> list[Errand]:
        """Begin nothing more. What has not ended after `patience` seconds is returned, and goes on while the process does."""
        with self._changed:
            self._is_closed = True
            self._changed.wait_for(lambda: not self._running, patience)
            return [errand for _host, errand in self._running.values()]

    def _begin(self) -> None:
        has_looked = has_begun = False
        while not self._is_closed and (free := self._lanes - len(self._running)):
            held = Counter(host for host, _errand in self._running.values())
            chosen = dict(take_turns(self._waiting, held, free, self._per_host))
            for key, errand in (self._claim(list(chosen)) if chosen else {}).items():
                threading.Thread(target=self._run, args=(key, errand), daemon=True).start()
                self._running[key] = chosen[key], errand
                has_begun = True
            if chosen:
                continue
            # After an outage thousands are due: who has found a successor does not look through all of them again.
            if has_looked or has_begun:
                return
            has_looked = True
            full = [host for host, number in held.items() if number >= min(free, self._per_host)]
            for key, host in self._look(self._running.keys(), full):
                self._waiting.setdefault(host, deque()).append(key)

    def _run(self, key: int, errand: Errand) -> None:
        try:
            self._do(errand)
        except Exception:  # the thread's last stop; the claim runs out and somebody does it again
            log.exception("errand broke off", extra={"key": key})
        with self._changed:
            del self._running[key]
            try:
                self._begin()
            except Exception:  # the next ring begins again
                log.exception("nothing more begins for now")
            self._changed.notify_all()


def take_turns(
    waiting: dict[str, deque[int]], held: Mapping[str, int], free: int, per_host: int
) -> Iterator[tuple[int, str]]:
    """Take out of `waiting` who begins now, so many being `free`: always one of the host that holds the fewest.

    A host holds at most `per_host`, and at most as many as are left free: whoever comes later finds lanes, however many
    hosts keep theirs.
    """
    hosts = [(held.get(host, 0), place, host) for place, host in enumerate(waiting)]
    heapq.heapify(hosts)
    while hosts and hosts[0][0] < min(free, per_host):
        has, place, host = hosts[0]
        yield waiting[host].popleft(), host
        free -= 1
        if waiting[host]:
            heapq.heapreplace(hosts, (has + 1, place, host))
        else:
            del waiting[host]
            heapq.heappop(hosts)
