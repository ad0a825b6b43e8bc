"""ISO weeks in a time zone: when each begins and ends there, and how it is called."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Week:
    """An ISO week such as "2026-W47" in a time zone; it lasts from `begins` until just before `ends`, both UTC-aware."""

    name: str
    time_zone: str
    begins: datetime
    ends: datetime

    @property
    def monday(self) -> date:
        return self.begins.astimezone(ZoneInfo(self.time_zone)).date()

    @property
    def sunday(self) -> date:
        return self.monday + timedelta(days=6)

    def before(self, weeks: int) -> "Week":
        """The week that many weeks earlier."""
        return week_of(self.monday - timedelta(weeks=weeks), self.time_zone)


def week_of(day: date, time_zone: str) -> Week:
    """The ISO week in which `day` lies. A week with a clock change is an hour shorter or longer."""
    year, number, weekday = day.isocalendar()
    monday = day - timedelta(days=weekday - 1)
    zone = ZoneInfo(time_zone)
    begins, ends = (datetime.combine(start, time(), zone) for start in (monday, monday + timedelta(days=7)))
    return Week(f"{year}-W{number:02d}", time_zone, begins, ends)


def week_at(moment: datetime, time_zone: str) -> Week:
    """The ISO week that it is at `moment` in the time zone."""
    return week_of(moment.astimezone(ZoneInfo(time_zone)).date(), time_zone)


def week_named(name: str, time_zone: str) -> Week:
    """The week called e.g. "2026-W47". Raises ValueError for anything else."""
    year, _, number = name.partition("-W")
    return week_of(date.fromisocalendar(int(year), int(number), 1), time_zone)
