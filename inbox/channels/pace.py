"""How fast each connection may go: one budget per connection and platform scope, counted in Valkey over all processes.

It begins with the rates that the connector declares and believes what the platform tells. A share is kept for people's
answers. Losing Valkey loses the count, never a call.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import redis

from inbox.channels.models import Channel
from inbox.connectors.contract import N_, Rate, RateLimited
from inbox.connectors.registry import channel_connector
from inbox.jobs import doorbell

log = logging.getLogger(__name__)

# Which share of a budget is left to what is more urgent: answers and acts of people may use all of it and are never late
# because of polls, and new messages are not late because older ones are asked for again.
LEFT_BY_PEOPLE, LEFT_BY_POLLS, LEFT_BY_ASKING_AGAIN = 0.0, 0.2, 0.5
# A platform that says how much is left, but not for how long.
TOLD_SECONDS = 60.0
LONGEST_SECONDS = 86_400.0
SLOTS = 10

# Each window is a hash of slots, a tenth of it each; a call counts until its slot has left the window, so never too short.
# KEYS: what the platform told, then a window per rate. ARGV: cost, share kept, then calls and milliseconds of each rate.
TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local cost, share, wait = tonumber(ARGV[1]), tonumber(ARGV[2]), 0
local told = redis.call('HMGET', KEYS[1], 'remaining', 'limit')
if told[1] and tonumber(told[1]) - math.floor(tonumber(told[2]) * share) < cost then
  wait = math.max(1, redis.call('PTTL', KEYS[1]))
end
for i = 2, #KEYS do
  local calls, slot = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i]) / 10
  local newest, oldest, used = math.floor(now / slot), math.huge, 0
  local slots = redis.call('HGETALL', KEYS[i])
  for j = 1, #slots, 2 do
    if tonumber(slots[j]) < newest - 10 then
      redis.call('HDEL', KEYS[i], slots[j])
    else
      oldest, used = math.min(oldest, tonumber(slots[j])), used + tonumber(slots[j + 1])
    end
  end
  if used > 0 and used + cost > calls - math.floor(calls * share) then
    wait = math.max(wait, math.ceil((oldest + 11) * slot - now))
  end
end
if wait > 0 then
  return wait
end
for i = 2, #KEYS do
  local span = tonumber(ARGV[2 * i])
  redis.call('HINCRBY', KEYS[i], math.floor(now / (span / 10)), cost)
  redis.call('PEXPIRE', KEYS[i], math.ceil(span * 1.2))
end
if told[1] then
  redis.call('HINCRBYFLOAT', KEYS[1], 'remaining', -cost)
end
return 0
"""


@dataclass(frozen=True, slots=True)
class Budget:
    """What `seconds` allow for `scope` and what has been used of it, as the platform `told` or its connector declares."""

    scope: str
    limit: float
    used: float
    seconds: float
    told: bool = False


def budgets_of(channel: Channel) -> list[Budget]:
    """How the budgets of a channel stand. Empty when Valkey is away."""
    return SharedPace(channel.id, channel_connector(channel.kind).rates).budgets()


class SharedPace:
    """The measure of one connection, for a use that `leaves` this share of it to more urgent ones."""

    def __init__(self, channel_id: int, rates: Sequence[Rate], *, leaves: float = LEFT_BY_POLLS) -> None:
        self._name = f"trellis:pace:{channel_id}"
        self._rates = rates
        self._leaves = leaves

    def take(self, scope: str = "", cost: int = 1) -> None:
        """Count a call before it is made. Raises RateLimited, and then nothing is counted."""
        rates = [rate for rate in self._rates if rate.scope in {"", scope}]
        keys = [self._told(scope), *map(self._window, rates)]
        limits = [number for rate in rates for number in (rate.calls, rate.seconds * 1000)]
        try:
            wait_ms: Any = doorbell().eval(TAKE, len(keys), *keys, cost, self._leaves, *limits)
        except redis.RedisError as error:
            log.warning("pace unknown", extra={"pace": self._name, "error": type(error).__name__})
            return
        if wait_ms:
            raise RateLimited(N_("The budget of this connection is used up for now."), retry_after=int(wait_ms) / 1000)

    def learn(self, scope: str, *, remaining: float, limit: float | None, reset_seconds: float | None) -> None:
        """Believe the platform until its window ends."""
        seconds = min(max(reset_seconds or TOLD_SECONDS, 1.0), LONGEST_SECONDS)
        key = self._told(scope)
        told: list[Any] = ["remaining", remaining, "limit", limit or 0.0]
        try:
            with doorbell().pipeline() as pipe:
                pipe.hset(key, items=told)
                pipe.pexpire(key, int(seconds * 1000))
                pipe.sadd(self._scopes, scope)
                pipe.expire(self._scopes, int(LONGEST_SECONDS))
                pipe.execute()
        except redis.RedisError as error:
            log.warning("pace not kept", extra={"pace": self._name, "error": type(error).__name__})

    def budgets(self) -> list[Budget]:
        """How each budget stands: those declared, then those the platform told. Empty when Valkey is away."""
        try:
            declared = [Budget(rate.scope, rate.calls, self._used(rate), rate.seconds) for rate in self._rates]
            scopes: Any = doorbell().smembers(self._scopes)
            return declared + list(filter(None, map(self._told_of, sorted(scope.decode() for scope in scopes))))
        except redis.RedisError as error:
            log.warning("pace unknown", extra={"pace": self._name, "error": type(error).__name__})
            return []

    def _used(self, rate: Rate) -> float:
        slots: Any = doorbell().hgetall(self._window(rate))
        seconds: Any = doorbell().time()
        newest = seconds[0] // (rate.seconds / SLOTS)
        return float(sum(int(used) for slot, used in slots.items() if int(slot) >= newest - SLOTS))

    def _told_of(self, scope: str) -> Budget | None:
        found: Any = doorbell().hgetall(self._told(scope))
        told = {name.decode(): float(value) for name, value in found.items()}
        if not told.get("limit"):
            return None
        left: Any = doorbell().pttl(self._told(scope))
        used = max(0.0, told["limit"] - told.get("remaining", 0.0))
        return Budget(scope, told["limit"], used, max(left, 0) / 1000, told=True)

    @property
    def _scopes(self) -> str:
        return f"{self._name}:scopes"

    def _window(self, rate: Rate) -> str:
        return f"{self._name}:declared:{rate.scope}:{rate.seconds}"

    def _told(self, scope: str) -> str:
        return f"{self._name}:told:{scope}"
