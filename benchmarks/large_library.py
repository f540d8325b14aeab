"""A library as large as any: 200,000 patrons, 500,000 items, 1,000,000 loans, and a letter about nearly each of them.

Everything is written by ``INSERT … SELECT`` into tables without their indexes, which come back afterwards, in under two
minutes. The same words each time: names and titles come from a row's number. Measures nothing.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.db.backends.utils import CursorWrapper

FIRST = "Mia Tom Grace Asha Ruby Zayd Lena Oisín Thảo Tāmati Selam Noah Ava Leo Isla Jack Amelia Harper Ngozi Łukasz"
LAST = "Chen Okafor Lee Perkins Rahimi Novák Haddad Walker Nguyễn Tesfaye O’Brien Smith Jones Silva Müller Singh Kaur"


@dataclass(frozen=True, kw_only=True)
class Size:
    """A third of the loans is open, and of those a third is due within three days of today."""

    patrons: int = 200_000
    items: int = 500_000
    loans: int = 1_000_000
    guardians: int = 250_000
    waiting: int = 100_000
    to_print: int = 1_000

    @property
    def open(self) -> int:
        return self.loans // 3

    def __str__(self) -> str:
        return ", ".join(f"{many:,} {name.replace('_', ' ')}" for name, many in self.__dict__.items())

    def divided(self, by: int) -> "Size":
        return Size(**{name: number // by for name, number in self.__dict__.items()})


PEOPLE_AND_THINGS = [
    """INSERT INTO circulation_group (name, is_staff, active, contact_name, contact_email, loan_days, max_renewals,
              auto_send, home_reads_titles, contact_reads_titles)
       SELECT 'Class ' || n, false, true, '', '', 14, 2, true, true, false FROM generate_series(1, 200) n""",
    """INSERT INTO circulation_collection (name, code)
       SELECT name, '' FROM unnest('{Fiction, Non-fiction, Home readers, Textbooks, Equipment}'::text[]) name""",
    """INSERT INTO circulation_partnerlibrary (name, symbol, email, address, post_days, auto_send, active)
       SELECT 'Library of ' || n, 'LIB' || n, 'ill@library' || n || '.example', '', 5, true, true
         FROM generate_series(1, 20) n""",
    """INSERT INTO circulation_patron (barcode, first_name, last_name, known_as, name_at_home, email, address, group_id,
              prefers_paper, auto_send, may_write_home, no_letters_reason, added_at)
       SELECT 'P' || 1000000 + n, (%(first)s)[1 + n %% cardinality(%(first)s)],
              (%(last)s)[1 + n / 7 %% cardinality(%(last)s)] || CASE WHEN n %% 3 = 0 THEN '' ELSE
                  '-' || initcap(translate((n / 11 %% 4000)::text, '0123456789', 'aeiourstln')) END,
              '', '', CASE WHEN n %% 20 > 0 THEN 'pupil' || n || '@students.example' ELSE '' END, '',
              (SELECT min(id) FROM circulation_group) + n %% 200, false, 'group', true, '', now()
         FROM generate_series(1, %(patrons)s) n""",
    """INSERT INTO circulation_guardian (name, salutation, email, address, prefers_paper)
       SELECT (%(first)s)[1 + n / 3 %% cardinality(%(first)s)] || ' ' || (%(last)s)[1 + n %% cardinality(%(last)s)]
              || '-' || initcap(translate((n / 13 %% 5000)::text, '0123456789', 'aeiourstln')),
              '', 'family' || n || '@home.example', '', false
         FROM generate_series(1, %(guardians)s) n""",
    # Every patron has somebody at home, every second patron has two; a quarter are sisters and brothers.
    """INSERT INTO circulation_guardianship (patron_id, guardian_id, relationship, library_letters, reason)
       SELECT p.first + n - 1, g.first + n %% (%(guardians)s * 3 / 5), '', true, ''
         FROM generate_series(1, %(patrons)s) n, (SELECT min(id) AS first FROM circulation_patron) p,
              (SELECT min(id) AS first FROM circulation_guardian) g
        UNION ALL
       SELECT p.first + 2 * n - 1, g.first + %(guardians)s * 3 / 5 + n %% (%(guardians)s * 2 / 5), '', true, ''
         FROM generate_series(1, %(patrons)s / 2) n, (SELECT min(id) AS first FROM circulation_patron) p,
              (SELECT min(id) AS first FROM circulation_guardian) g""",
    """INSERT INTO circulation_item (barcode, title, author, call_number, collection_id, owner_id, added_at)
       SELECT 3000000000 + n, 'The book of ' || translate((n / 5)::text, '0123456789', 'aeiourstln') || ' and salt',
              (%(last)s)[1 + n / 9 %% cardinality(%(last)s)] || ', ' || translate((n / 20)::text, '0123456789',
                  'aeiourstln'), 'A' || n %% 1000,
              (SELECT min(id) FROM circulation_collection) + n %% 5,
              CASE WHEN n %% 500 = 0 THEN (SELECT min(id) FROM circulation_partnerlibrary) + n %% 20 END, now()
         FROM generate_series(1, %(items)s) n""",
]
LOANS = [
    # The open ones come first. Every thousandth of them was lent to another library.
    """INSERT INTO circulation_loan (item_id, service, patron_id, partner_id, lent_on, due_on, due_set_on, renewals,
              status, status_reason, shelf_checks_left, returned_on, our_reference, their_reference, conditions,
              from_file)
       SELECT i.first + (n - 1) %% %(items)s,
              CASE WHEN lent_away THEN 'ill_lending' ELSE 'circulation' END,
              CASE WHEN NOT lent_away THEN p.first + (n * 7) %% %(patrons)s END,
              CASE WHEN lent_away THEN l.first + n / 1000 %% 20 END,
              due - 14, due, due - 14, 0,
              CASE WHEN n > %(open)s THEN 'on_loan' ELSE CASE n %% 500
                  WHEN 1 THEN 'lost' WHEN 2 THEN 'billed' WHEN 3 THEN 'says_back' WHEN 4 THEN 'no_letters'
                  ELSE 'on_loan' END END,
              '', 0, CASE WHEN n <= %(open)s THEN NULL WHEN n %% 10 = 0 THEN due + 10 ELSE due - 2 END,
              CASE WHEN lent_away THEN 'OUR-' || n ELSE '' END, CASE WHEN lent_away THEN 'THEIRS-' || n ELSE '' END,
              '', false
         FROM (SELECT n, n <= %(open)s AND n %% 1000 = 0 AS lent_away,
                      current_date + CASE WHEN n > %(open)s THEN - 30 - n %% 365
                                          WHEN n %% 10 < 3 THEN n / 10 %% 7 - 3
                                          ELSE n / 10 %% 43 - 28 END AS due
                 FROM generate_series(1, %(loans)s) n) made,
              (SELECT min(id) AS first FROM circulation_item) i, (SELECT min(id) AS first FROM circulation_patron) p,
              (SELECT min(id) AS first FROM circulation_partnerlibrary) l""",
]
LETTERS = [
    """INSERT INTO notices_run (day, by_clock, state, reason, started_at, finished_at, looked_at, closed, status,
              past_stop, no_schedule, not_yet, already_told, no_auto_send, no_letters, too_soon, no_address, paper,
              email, failed, letters)
       SELECT day, true, 'done', '', day + interval '6:30', day + interval '6:31', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
              0, 0, 0
         FROM generate_series(current_date - 420, current_date, '1 day') day""",
    # What the Secondary school schedule has said by today: of open loans the latest step, of returned ones the
    # reminder, and of those that came back late Overdue 1.
    """CREATE TEMPORARY TABLE told AS
       SELECT row_number() OVER (ORDER BY said_on, loan_id, number) AS id, said.* FROM (
           SELECT id AS loan_id, due_on, patron_id, number, due_on + days AS said_on
             FROM circulation_loan
             JOIN (VALUES (-1, -3, 6), (1, 7, 13), (2, 14, 27), (3, 28, 90)) steps (number, days, until)
               ON current_date - due_on BETWEEN days AND until
            WHERE returned_on IS NULL AND patron_id IS NOT NULL
            UNION ALL
           SELECT id, due_on, patron_id, number, due_on + days
             FROM circulation_loan
             JOIN (VALUES (-1, -3), (1, 7)) steps (number, days) ON due_on + days < returned_on
            WHERE returned_on IS NOT NULL) said""",
    "CREATE INDEX ON told (id)",
    """INSERT INTO notices_notice (id, loan_id, due_on, number, occurrence, step_id, run_id, said_on, why)
       SELECT told.id, loan_id, due_on, told.number, 0, step.id, run.id, said_on, ''
         FROM told JOIN notices_run run ON run.day = said_on JOIN notices_step step ON step.number = told.number""",
    # The newest wait, among them those for the printer; of the others the newest went out today.
    """INSERT INTO smtp_gateway_outboundmessage (id, kind, priority, "to", to_name, subject, content, size, message_id,
              dedup_key, state, stage, reason, created_at, not_before, expires_at, finished_at, sent_at, attempts,
              crashes, times_uncertain, suspicious, last_code, last_enhanced, last_words)
       SELECT id, 'notice', 30, 'pupil' || id || '@students.example', 'Mia Chen', 'A library book to bring back',
              CASE WHEN state IN ('sent', 'cancelled') THEN '' ELSE %(content)s END, length(%(content)s), '',
              'letter:' || id || ':0', state, '', '', queued_at,
              CASE WHEN state IN ('waiting', 'held') THEN queued_at END,
              CASE WHEN state = 'waiting' THEN now() + interval '3 days' END,
              CASE WHEN state IN ('sent', 'cancelled', 'bad') THEN ended_at END,
              CASE WHEN state = 'sent' THEN ended_at END, CASE WHEN state IN ('sent', 'bad') THEN 1 ELSE 0 END, 0,
              CASE WHEN state = 'uncertain' THEN 1 ELSE 0 END, false, CASE WHEN state = 'sent' THEN 250 END,
              CASE WHEN state = 'sent' THEN '2.0.0' ELSE '' END, CASE WHEN state = 'sent' THEN 'ok' ELSE '' END
         FROM (SELECT id, CASE WHEN id > newest - %(waiting)s AND id %% 2000 NOT IN (0, 1, 2, 3) THEN 'waiting'
                               ELSE (%(states)s)[1 + id %% 2000] END AS state,
                      said_on + interval '6:31' AS queued_at,
                      CASE WHEN id > newest - %(waiting)s * 11 / 10
                           THEN date_trunc('day', now()) + (id %% 60) * interval '1 second'
                           ELSE said_on + interval '10 hours' END AS ended_at
                 FROM told, (SELECT max(id) AS newest FROM told) known
                WHERE id <= newest - %(to_print)s) made""",
    """INSERT INTO smtp_gateway_deliveryattempt (message_id, number, slot, started_at, finished_at, outcome, stage,
              code, enhanced, words, sentence)
       SELECT id, 1, 1, sent_at, sent_at, 'sent', 'dot', 250, '2.0.0', 'ok', ''
         FROM smtp_gateway_outboundmessage WHERE state = 'sent'""",
    """INSERT INTO notices_letter (id, run_id, service, audience, channel, state, kind, number, revision, day,
              patron_id, "to", template_version_id, subject, text, html, message_id, why, made_at, written_at)
       SELECT told.id, run.id, 'circulation', 'patron', CASE WHEN message.id IS NULL THEN 'paper' ELSE 'email' END,
              CASE WHEN message.id IS NULL THEN 'to_print' ELSE 'queued' END, 'step', told.number, 0, said_on,
              patron_id, coalesce(message."to", ''), template.current_id, 'A library book to bring back',
              CASE WHEN message.id IS NULL THEN repeat('Please bring it back. ', 50) ELSE '' END,
              CASE WHEN message.id IS NULL THEN repeat('<p>Please bring it back.</p>', 50) ELSE '' END,
              message.id, '', said_on + interval '6:30', said_on + interval '6:31'
         FROM told
         JOIN notices_run run ON run.day = said_on
         LEFT JOIN smtp_gateway_outboundmessage message ON message.id = told.id
         LEFT JOIN notices_template template ON template.kind = 'step' AND template.service = 'circulation'
               AND template.audience = 'patron' AND template.number = told.number""",
    "INSERT INTO notices_line (letter_id, notice_id) SELECT id, id FROM told",
    """UPDATE notices_run SET looked_at = said, email = said - by_hand, paper = by_hand, letters = said
         FROM (SELECT run_id, count(*) AS said, count(*) FILTER (WHERE channel = 'paper') AS by_hand
                 FROM notices_letter GROUP BY run_id) counted WHERE run_id = notices_run.id""",
    "DROP TABLE told",
]
NUMBERED = ["smtp_gateway_outboundmessage", "notices_notice", "notices_letter"]
"""Tables whose rows are given their numbers here."""

INDEXES = """
    SELECT indexname, indexdef FROM pg_indexes
     WHERE tablename = ANY(%s) AND indexname NOT IN (SELECT conname FROM pg_constraint)
"""
PEOPLES = ["circulation_patron", "circulation_guardian", "circulation_guardianship", "circulation_item"]
LETTERS_TABLES = [*NUMBERED, "smtp_gateway_deliveryattempt", "notices_line"]


def fill(size: Size, *, with_letters: bool = True) -> None:
    """``with_letters`` needs the rows of ``set_up`` and one schedule with the steps of *Secondary school*."""
    from django.db import connection

    from tests.smtp_gateway.outgoing import finished

    statements = [*PEOPLE_AND_THINGS, *LOANS, *(LETTERS if with_letters else ())]
    values = {
        "first": FIRST.split(),
        "last": LAST.split(),
        "states": ["bad", "uncertain", "held", "cancelled"] + ["sent"] * 1996,
        "content": finished("mia", text="Please bring it back.\n" * 200).content,
        **size.__dict__,
        "open": size.open,
    }
    tables = [*PEOPLES, "circulation_loan", *(LETTERS_TABLES if with_letters else ())]
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0; SET maintenance_work_mem = '512MB'; SET work_mem = '256MB'")
        cursor.execute("SET session_replication_role = replica")  # foreign keys hold by construction
        with without_indexes(cursor, tables):
            for statement in statements:
                cursor.execute(statement, values)
        for table in NUMBERED if with_letters else ():
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}")
        cursor.execute("VACUUM ANALYZE")
    connection.close()  # and with it the settings of this session


@contextmanager
def without_indexes(cursor: "CursorWrapper", tables: Sequence[str]) -> Iterator[None]:
    """Ten times as fast for a table with ten indexes. Constraints stay."""
    cursor.execute(INDEXES, [list(tables)])
    indexes = cursor.fetchall()
    for name, _ in indexes:
        cursor.execute(f'DROP INDEX "{name}"')
    yield
    for _, definition in indexes:
        cursor.execute(definition)
