"""Brings snoozed conversations back when their time has come."""

from inbox.conversations.wake import AT_ONCE, wake
from inbox.jobs import Job, answered
from workers.opened import open_database


def wake_snoozed() -> int:
    """The job; returns how many woke. Safe to run twice."""
    answered(Job.WAKE_SNOOZED)
    count, woken = 0, AT_ONCE
    while woken == AT_ONCE:
        with open_database().writing() as session:
            woken = len(wake(session))
        count += woken
    return count
