"""A library on a day of many letters: of a million loans a tenth reach a step today.

Half of the groups follow the BiblioTECH preset, the other half a schedule of their own that writes to parents and
carers. Four tenths of the loans are out: a tenth reaches a step today, a tenth was told before and waits for nothing,
two tenths are not due yet. Everything is written by ``INSERT … SELECT``; the same words each time. Measures nothing.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from benchmarks.large_library import FIRST, LAST, PEOPLE_AND_THINGS

#: A child may have two homes, so there are a few more letters than loans.
LOANS = """
INSERT INTO circulation_loan (item_id, service, patron_id, lent_on, due_on, due_set_on, renewals, status,
          status_reason, shelf_checks_left, returned_on, our_reference, their_reference, conditions, from_file)
SELECT i.first + (n - 1) %% %(items)s, 'circulation', p.first + (n * 7) %% %(patrons)s, due - 20, due, due - 20, 0,
       'on_loan', '', 0, CASE WHEN n > %(loans)s * 4 / 10 THEN due + 5 END, '', '', '', false
FROM (SELECT n, CASE WHEN n <= %(today)s
                     THEN %(on)s::date + (ARRAY[-1, -1, -1, -1, -1, 3, 3, -3, -3, -3])[1 + n / 7 %% 10]
                     WHEN n <= %(today)s * 2 THEN %(on)s::date - 5 - n %% 8
                     WHEN n <= %(today)s * 4 THEN %(on)s::date + 4 + n %% 14
                     ELSE %(on)s::date - 30 - n %% 300 END AS due
      FROM generate_series(1, %(loans)s) n) made,
     (SELECT min(id) AS first FROM circulation_item) i, (SELECT min(id) AS first FROM circulation_patron) p
"""

# What was said before today: Overdue 1 of those that reach Overdue 2 today, both of those that were told, and the
# reminder of every second loan that came back.
TOLD = [
    """CREATE TEMPORARY TABLE told AS
       SELECT row_number() OVER (ORDER BY said_on, loan_id, number) AS id, said.* FROM (
           SELECT loan.id AS loan_id, due_on, patron_id, number, due_on + days AS said_on
           FROM circulation_loan loan JOIN (VALUES (1, 1), (2, 3)) steps (number, days) ON due_on + days < %(on)s::date
           WHERE returned_on IS NULL
           UNION ALL
           SELECT id, due_on, patron_id, -1, due_on - 3 FROM circulation_loan
           WHERE returned_on IS NOT NULL AND id %% 2 = 0) said""",
    """INSERT INTO notices_run (day, by_clock, state, reason, started_at, finished_at, looked_at, closed, status,
              past_stop, no_schedule, not_yet, already_told, no_auto_send, no_letters, too_soon, no_address, paper,
              email, failed, letters)
       SELECT said_on, true, 'done', '', said_on, said_on, count(*), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, count(*), 0,
              greatest(count(*), %(today)s) FROM told GROUP BY said_on""",
    """INSERT INTO notices_notice (id, loan_id, due_on, number, occurrence, step_id, run_id, said_on, why)
       SELECT told.id, loan_id, due_on, told.number, 0, step.id, run.id, said_on, ''
       FROM told
       JOIN notices_run run ON run.day = said_on
       JOIN circulation_patron patron ON patron.id = told.patron_id
       JOIN notices_schedule_groups covers ON covers.group_id = patron.group_id
       JOIN notices_step step ON step.number = told.number AND step.schedule_id = covers.schedule_id""",
    """INSERT INTO notices_letter (id, run_id, service, audience, channel, state, kind, number, revision, day,
              patron_id, "to", subject, text, html, why, made_at, written_at)
       SELECT told.id, run.id, 'circulation', 'patron', 'email', 'queued', 'step', told.number, 0, said_on, patron_id,
              'pupil' || patron_id || '@students.example', 'A library book to bring back', '', '', '', said_on, said_on
       FROM told JOIN notices_run run ON run.day = said_on""",
    "INSERT INTO notices_line (letter_id, notice_id) SELECT id, id FROM told",
    "SELECT setval(pg_get_serial_sequence('notices_notice', 'id'), max(id)) FROM notices_notice",
    "SELECT setval(pg_get_serial_sequence('notices_letter', 'id'), max(id)) FROM notices_letter",
    "DROP TABLE told",
]


@dataclass(frozen=True, kw_only=True)
class Size:
    loans: int = 1_000_000

    @property
    def patrons(self) -> int:
        return max(1_000, self.loans // 5)

    @property
    def items(self) -> int:
        return max(1_000, self.loans // 2)

    @property
    def guardians(self) -> int:
        return self.patrons

    @property
    def today(self) -> int:
        """Loans that reach a step."""
        return self.loans // 10


def fill(size: Size, *, on: date) -> None:
    """Everything that a daily run of the day ``on`` needs, switched on; no run of that day yet."""
    from django.db import connection

    from benchmarks.large_library import without_indexes

    values = {
        "first": FIRST.split(),
        "last": LAST.split(),
        "on": on,
        **{name: getattr(size, name) for name in ("loans", "patrons", "items", "guardians", "today")},
    }
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0; SET maintenance_work_mem = '512MB'; SET work_mem = '256MB'")
        cursor.execute("SET session_replication_role = replica")  # foreign keys hold by construction
        with without_indexes(cursor, TABLES):
            for statement in (*PEOPLE_AND_THINGS, LOANS):
                cursor.execute(statement, values)
    _settings(on=on)
    with connection.cursor() as cursor:
        with without_indexes(cursor, LEDGER):
            for statement in TOLD:
                cursor.execute(statement, values)
        cursor.execute("VACUUM ANALYZE")
    connection.close()  # and with it the settings of this session


TABLES = [
    "circulation_patron",
    "circulation_guardian",
    "circulation_guardianship",
    "circulation_item",
    "circulation_loan",
]
LEDGER = ["notices_notice", "notices_letter", "notices_line"]


def _settings(*, on: date) -> None:
    """Standing rows, a gateway with an address, the two schedules, and a daily run that is on."""
    from django.core.management import call_command

    from circulation.models import Group
    from library.models import Library
    from notices import presets
    from notices.models import RunSettings, Schedule, Step
    from smtp_gateway.models import Gateway

    call_command("set_up", verbosity=0)
    Gateway.objects.filter(pk=1).update(from_address="library@banksia.example", host="127.0.0.1")
    Library.objects.filter(pk=1).update(name="Banksia College Library", reply_to="library@banksia.example")
    RunSettings.objects.filter(pk=1).update(
        enabled=True, at="00:00", weekdays=list(range(7)), on_closed_days=True, first_day=on - timedelta(days=365)
    )
    groups = list(Group.objects.order_by("pk"))
    presets.load("bibliotech", groups=groups[: len(groups) // 2])
    own = Schedule.objects.create(name="Families", stop_after=14)
    own.groups.add(*groups[len(groups) // 2 :])
    for number, days, who in ((-1, -3, "patron"), (1, 1, "guardians"), (2, 3, "guardians")):
        Step.objects.create(schedule=own, number=number, days=days, who=who, how="email_or_paper")
    Schedule.objects.update(goes_by_itself=True)
