from datetime import UTC, datetime

import pytest

from inbox.connectors.file_dates import read_date


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("2026-10-19T06:10:00+00:00", datetime(2026, 10, 19, 6, 10, tzinfo=UTC)),
        ("2026-10-19T08:10:00+02:00", datetime(2026, 10, 19, 6, 10, tzinfo=UTC)),
        ("2026-10-19T06:10:00Z", datetime(2026, 10, 19, 6, 10, tzinfo=UTC)),
        ("2026-10-19 06:10:00 UTC", datetime(2026, 10, 19, 6, 10, tzinfo=UTC)),
        ("2026-10-19", datetime(2026, 10, 19, tzinfo=UTC)),
        ("1792390200", datetime(2026, 10, 19, 6, 10, tzinfo=UTC)),
        ("1792390200000", datetime(2026, 10, 19, 6, 10, tzinfo=UTC)),
        ("1792390200.5", datetime(2026, 10, 19, 6, 10, 0, 500_000, tzinfo=UTC)),
        ("Mon, 19 Oct 2026 08:10:00 +0200", datetime(2026, 10, 19, 6, 10, tzinfo=UTC)),
        ("31.12.2026 13:00", datetime(2026, 12, 31, 13, 0, tzinfo=UTC)),
        ("31.12.26", datetime(2026, 12, 31, tzinfo=UTC)),
        ("1. 2. 2026, 09:05:07 Uhr", datetime(2026, 2, 1, 9, 5, 7, tzinfo=UTC)),
        ("12/31/2026 1:00 PM", datetime(2026, 12, 31, 13, 0, tzinfo=UTC)),
        ("31/12/2026", datetime(2026, 12, 31, tzinfo=UTC)),
        ("1/2/2026 12:00 am", datetime(2026, 1, 2, tzinfo=UTC)),
    ],
)
def test_dates_are_read_in_the_forms_people_write(said: str, meant: datetime) -> None:
    assert read_date(said) == meant


@pytest.mark.parametrize("said", ["", "yesterday", "32.13.2026", "99/99/2026", "0001-01-01", "-1" * 30, "12:00", "\0"])
def test_what_is_no_date_is_refused(said: str) -> None:
    with pytest.raises(ValueError, match="the date"):
        read_date(said)
