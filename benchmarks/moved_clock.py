"""One clock for Python and PostgreSQL that can be moved ahead, so that a year is worked through in minutes.

``timezone.now`` and the server's own clock functions are put behind functions that add how far ahead we are; the
server finds ours first, because they stand before its own in the database's search path. Both clocks go on between two
moves. Monotonic clocks, by which the program measures how long something takes, are not touched.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg2
from django.utils import timezone

#: What PostgreSQL calls its clocks, and what may be supposed of each.
CLOCKS = {
    "now": "STABLE",
    "transaction_timestamp": "STABLE",
    "statement_timestamp": "STABLE",
    "clock_timestamp": "VOLATILE",
}
AHEAD = "clock.ahead"


class MovedClock:
    """To be made once for a process, before the program's models are imported: their defaults keep ``timezone.now``."""

    def __init__(self, database_url: str) -> None:
        from django.db.backends.signals import connection_created

        self._ahead = timedelta()
        session = psycopg2.connect(database_url)
        with session, session.cursor() as cursor:
            for name, kind in CLOCKS.items():
                cursor.execute(
                    f"CREATE FUNCTION public.{name}() RETURNS timestamptz LANGUAGE sql {kind} AS"
                    f" $$ SELECT pg_catalog.{name}() + current_setting('{AHEAD}')::interval $$"
                )
            cursor.execute("SELECT current_database()")
            database = cursor.fetchall()[0][0]
            cursor.execute(f"ALTER DATABASE {database} SET search_path = public, pg_catalog")
            cursor.execute(f"ALTER DATABASE {database} SET {AHEAD} = '0'")
        session.close()
        timezone.now = self.now
        connection_created.connect(self._tell)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def move(self, to: datetime) -> None:
        """It is ``to`` now, here and in the program's database session; outside a transaction."""
        from django.db import connection

        self._ahead = to - datetime.now(UTC)
        self._tell(connection=connection)

    def _tell(self, *, connection: Any, **_: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config(%s, %s, false)", [AHEAD, f"{self._ahead.total_seconds()} seconds"])
