"""Programs that empty a queue of letters into a mail server, each in its own way.

Each is started twice: with ``fill`` it makes its tables and queues ``MESSAGES`` letters; with ``send`` it gets ready,
says so, waits for a line, and sends until nothing is left. Nothing here measures: ``benchmarks.side_by_side`` does.
The environment names the rest: DATABASE_URL, REDIS_URL, SINK_PORT, MESSAGES.
"""

import os
import sys

SENDER = "library@banksia.example"
SUBJECT = "A library book to bring back"
LINE = "The atlas of southern skies was due on Friday, and somebody is waiting for it.\n"
TEXT = LINE * 15
HTML = f"<p>{LINE}</p>\n" * 35


def messages() -> int:
    return int(os.environ["MESSAGES"])


def recipient(number: int) -> str:
    """Different for each letter: by it the sink's record tells what came twice or never."""
    return f"reader{number}@families.example"


def wait_for_the_start() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
