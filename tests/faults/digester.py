"""The digest job in a process of its own, which ends itself with SIGKILL at the n-th reader: before or after the commit."""

import os
import signal
import sys

from workers import digest as job


def main(moment: str, number: int) -> None:
    """`moment` is "written" (mail composed, nothing stored), "committed" or "never"."""
    count, send_digest, write = 0, job.send_digest, job.write_to_reader

    def reached(name: str) -> None:
        nonlocal count
        if name == moment:
            count += 1
            if count == number:
                os.kill(os.getpid(), signal.SIGKILL)

    def written(*arguments, **options):  # type: ignore[no-untyped-def]
        mail = write(*arguments, **options)
        reached("written")
        return mail

    def committed(*arguments):  # type: ignore[no-untyped-def]
        done = send_digest(*arguments)
        reached("committed")
        return done

    job.write_to_reader, job.send_digest = written, committed
    job.digest()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
