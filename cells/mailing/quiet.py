"""When mail may arrive at a person's: waking hours of the place where they live, no Sunday, no public holiday."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from cells.holidays import is_rest_day

LONGEST_REST = 10  # days: no run of Sundays and holidays is that long


@dataclass(frozen=True, slots=True)
class Window:
    """Local hours, `until` excluded."""

    opens: time = time(8)
    until: time = time(20)
    on_rest_days: bool = False

    def next_open(self, now: datetime, *, zone: str, department: str) -> datetime:
        """`now` itself when mail may arrive, else the next minute when it may, in UTC."""
        local = now.astimezone(ZoneInfo(zone))
        if self._is_open(local.date(), department) and self.opens <= local.time() < self.until:
            return now
        first = local.date() + timedelta(days=local.time() >= self.opens)
        days = (first + timedelta(days=number) for number in range(LONGEST_REST))
        day = next(day for day in days if self._is_open(day, department))
        return datetime.combine(day, self.opens, ZoneInfo(zone)).astimezone(UTC)

    def _is_open(self, day: date, department: str) -> bool:
        return self.on_rest_days or not is_rest_day(day, department)
