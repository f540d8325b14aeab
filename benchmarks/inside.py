"""What ``benchmarks.containers`` has done inside one of the program's own containers.

``python -m benchmarks.inside morning LOANS`` fills a library for a day of many letters, ``letters NUMBER`` queues so
many, ``ticks TASK NUMBER`` puts so many ticks on the broker at once, as so many clocks would, ``clock TASK SECONDS``
four every second, and ``wait NUMBER`` ends when so many workers answer. Measures nothing.
"""

import os
import sys
import time
from collections.abc import Callable

import django

PATIENCE = 180


def morning(loans: int) -> None:
    from django.utils import timezone

    from benchmarks import day_of_letters

    day_of_letters.fill(day_of_letters.Size(loans=loans), on=timezone.localdate())


def letters(number: int) -> None:
    from benchmarks.contenders import ours

    os.environ["MESSAGES"] = str(number)
    ours.fill()


def ticks(task: str, number: int) -> None:
    from library.celery import app

    for _ in range(number):
        app.send_task(task)


def clock(task: str, seconds: int) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        ticks(task, 4)
        time.sleep(1)


def wait(number: int) -> None:
    from library.celery import app

    until = time.monotonic() + PATIENCE
    while len(app.control.ping(timeout=1) or []) < number:
        if time.monotonic() > until:
            sys.exit(f"{number} workers did not answer within {PATIENCE} s.")


VERBS: dict[str, Callable[..., None]] = {
    "morning": morning,
    "letters": letters,
    "ticks": ticks,
    "clock": clock,
    "wait": wait,
}


def main(verb: str, *words: str) -> None:
    django.setup()
    *task, number = words
    VERBS[verb](*task, int(number))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "library.settings")
    main(*sys.argv[1:])
