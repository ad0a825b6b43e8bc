"""When a reader is due."""

from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from inbox.digests.due import due, due_now, due_week
from inbox.digests.models import Digest, Subscription

MONDAY_EIGHT_IN_BERLIN = datetime(2026, 11, 16, 7, tzinfo=UTC)
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def reader(**choices: object) -> Subscription:
    return Subscription(
        **{
            "email": "a@example.org",
            "secret": "s",
            "time_zone": "Europe/Berlin",
            "weekday": 1,
            "hour": 8,
            "created_at": LONG_AGO,
            **choices,
        }
    )


def named(subscription: Subscription, at: datetime) -> str | None:
    week = due_week(subscription, at)
    return week.name if week else None


def test_on_monday_at_eight_the_last_whole_week_is_due() -> None:
    assert named(reader(), MONDAY_EIGHT_IN_BERLIN) == "2026-W46"


def test_a_minute_before_it_is_still_the_week_before() -> None:
    assert named(reader(), MONDAY_EIGHT_IN_BERLIN - timedelta(minutes=1)) == "2026-W45"


def test_a_worker_that_was_down_on_monday_sends_on_thursday() -> None:
    assert named(reader(), MONDAY_EIGHT_IN_BERLIN + timedelta(days=3)) == "2026-W46"


def test_the_clock_is_the_readers_own() -> None:
    assert named(reader(time_zone="America/Los_Angeles"), MONDAY_EIGHT_IN_BERLIN) == "2026-W45"
    assert named(reader(time_zone="Pacific/Auckland"), MONDAY_EIGHT_IN_BERLIN) == "2026-W46"


def test_a_friday_reader_hears_about_the_last_whole_week() -> None:
    assert named(reader(weekday=5, hour=15), datetime(2026, 11, 20, 14, tzinfo=UTC)) == "2026-W46"


def test_nobody_hears_about_an_appointment_before_they_subscribed() -> None:
    assert (
        named(
            reader(created_at=MONDAY_EIGHT_IN_BERLIN + timedelta(hours=1)), MONDAY_EIGHT_IN_BERLIN + timedelta(hours=2)
        )
        is None
    )


def test_an_hour_that_the_clock_change_skips_still_comes() -> None:
    # 02:00 to 03:00 did not exist in Berlin on Sunday 2026-03-29.
    assert named(reader(weekday=7, hour=2), datetime(2026, 3, 29, 2, tzinfo=UTC)) == "2026-W12"


def test_whoever_has_it_or_left_is_not_due_again(session: Session) -> None:
    have, left, want = (reader(email=f"{name}@example.org", secret=name) for name in ("have", "left", "want"))
    left.unsubscribed_at = LONG_AGO
    session.add_all([have, left, want])
    session.flush()
    session.add(Digest(subscription_id=have.id, iso_week="2026-W46", secret="d", language="en"))
    session.flush()
    found = due(session, MONDAY_EIGHT_IN_BERLIN)
    assert [(subscription.email, week.name) for subscription, week in found.found] == [("want@example.org", "2026-W46")]
    assert found.last_id is None


def test_many_readers_are_looked_at_in_portions(session: Session) -> None:
    session.add_all(reader(email=f"{number}@example.org", secret=str(number)) for number in range(205))
    session.flush()
    first = due(session, MONDAY_EIGHT_IN_BERLIN)
    assert (len(first.found), first.last_id is None) == (200, False)
    rest = due(session, MONDAY_EIGHT_IN_BERLIN, after_id=first.last_id or 0)
    assert (len(rest.found), rest.last_id) == (5, None)


def test_sending_now_is_for_the_week_that_runs_and_for_whoever_has_none_of_it(session: Session) -> None:
    late_sunday_in_berlin = datetime(2026, 11, 22, 22, 30, tzinfo=UTC)
    here = reader()
    there = reader(email="b@example.org", secret="t", time_zone="Asia/Tokyo")
    gone = reader(email="c@example.org", secret="u", unsubscribed_at=LONG_AGO)
    session.add_all((here, there, gone))
    session.flush()
    found = due_now(session, late_sunday_in_berlin)
    assert [(one.email, week.name) for one, week in found] == [
        ("a@example.org", "2026-W47"),
        ("b@example.org", "2026-W48"),
    ]
    session.add(Digest(subscription_id=here.id, iso_week="2026-W47", secret="d", language="en"))
    session.flush()
    assert [one.email for one, _ in due_now(session, late_sunday_in_berlin)] == ["b@example.org"]
