"""What must be true of a whole year of letters, asked of what really left the house (``year.heard``).

Each check is a question that counts what should not be; nought is the right answer.
"""

from datetime import date, datetime

from django.db import connection

#: Once a day, before anything is forgotten: what was sent or printed since it began.
REMEMBER = """
INSERT INTO year.heard
SELECT notice.loan_id, notice.due_on, notice.number, notice.occurrence, %(on)s, gone.at, letter.id, letter.audience,
       letter.channel, letter.patron_id, letter.guardian_id, letter.also_guardian_id, loan.patron_id
FROM (SELECT letter.id, message.sent_at AS at
      FROM smtp_gateway_outboundmessage message JOIN notices_letter letter ON letter.message_id = message.id
      WHERE message.state = 'sent' AND message.sent_at >= %(begins)s
      UNION ALL
      SELECT id, printed_at FROM notices_letter WHERE state = 'printed' AND printed_at >= %(begins)s) gone
JOIN notices_letter letter USING (id)
JOIN notices_line line ON line.letter_id = letter.id AND line.taken_out_at IS NULL
JOIN notices_notice notice ON notice.id = line.notice_id
JOIN circulation_loan loan ON loan.id = notice.loan_id
"""

READERS = """(
    SELECT DISTINCT letter_id, day, at, audience, reader FROM (
        SELECT letter_id, day, at, audience, coalesce(patron_id, guardian_id) AS reader FROM year.heard
        UNION ALL
        SELECT letter_id, day, at, audience, also_guardian_id FROM year.heard WHERE also_guardian_id IS NOT NULL) each
) letter"""

CHECKS = {
    "A step said twice to one reader for one due date": f"""
        SELECT count(*) FROM (
            SELECT FROM year.heard JOIN {READERS} USING (letter_id)
            GROUP BY loan_id, due_on, number, occurrence, letter.audience, reader HAVING count(*) > 1) twice""",
    "A letter about a book that was back": """
        SELECT count(*) FROM year.heard JOIN circulation_loan loan ON loan.id = loan_id WHERE at > loan.returned_at""",
    "A letter about a due date that was renewed": """
        SELECT count(*) FROM year.heard JOIN year.renewed USING (loan_id)
        WHERE heard.at > renewed.at AND heard.due_on <> renewed.due_on""",
    "A reminder after the due date, an overdue letter before it": """
        SELECT count(*) FROM year.heard WHERE (number < 0 AND day > due_on) OR (number > 0 AND day <= due_on)""",
    "A lower step after a higher one": """
        SELECT count(*) FROM year.heard one JOIN year.heard other USING (loan_id, due_on)
        WHERE one.number > 0 AND other.number > one.number AND other.at < one.at""",
    "An overdue step of a pupil that was not climbed to": """
        SELECT count(*) FROM year.heard one
        JOIN circulation_patron patron ON patron.id = borrower_id
        JOIN circulation_group grp ON grp.id = patron.group_id AND NOT grp.is_staff
        WHERE number > 1 AND NOT EXISTS (
            SELECT FROM year.heard other WHERE other.loan_id = one.loan_id AND other.due_on = one.due_on
              AND other.number = one.number - 1)""",
    "Two letters to one reader of a pupil's books within three days": f"""
        SELECT count(*) FROM (
            SELECT letter.day - lag(letter.day) OVER (PARTITION BY letter.audience, reader ORDER BY letter.at) AS days,
                   run.day - lag(run.day) OVER (PARTITION BY letter.audience, reader ORDER BY letter.at) AS apart
            FROM {READERS}
            JOIN notices_letter ON notices_letter.id = letter_id
            JOIN notices_run run ON run.id = run_id
            WHERE letter.audience = 'guardian' OR reader IN (
                SELECT patron.id FROM circulation_patron patron JOIN circulation_group grp ON grp.id = group_id
                WHERE NOT is_staff)) gaps
        WHERE apart < 3""",
    "A letter to a home that wants none": """
        SELECT count(*) FROM year.heard JOIN circulation_guardianship link
            ON link.patron_id = borrower_id AND link.guardian_id = heard.guardian_id
        WHERE NOT link.library_letters AND link.reason <> 'Asked for by the family.'""",
    "More than one run by the clock on a day, or none": """
        SELECT abs(count(*) - %(days)s) + count(*) - count(DISTINCT day) FROM notices_run WHERE by_clock""",
    "A run whose counts do not add up": "SELECT count(*) FROM notices_run WHERE state = 'failed'",
    "A letter with a message that nobody accounts for": """
        SELECT count(*) FROM notices_letter letter
        JOIN smtp_gateway_outboundmessage message ON message.id = letter.message_id
        WHERE (letter.state = 'queued') <> (message.state IN ('sent', 'waiting'))""",
    "A loan of more than 60 days ago whose borrower is still known": """
        SELECT count(*) FROM circulation_loan
        WHERE returned_on < %(on)s - 61 AND patron_id IS NOT NULL AND status NOT IN ('billed', 'lost')""",
    "A letter or its words still tied to such a loan": """
        SELECT count(*) FROM notices_line JOIN notices_notice notice ON notice.id = notice_id
        JOIN circulation_loan loan ON loan.id = loan_id WHERE loan.patron_id IS NULL""",
}


def remember(*, on: date, begins: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(REMEMBER, {"on": on, "begins": begins})


def results(*, on: date, days: int) -> dict[str, int]:
    """Each check and how many it found."""
    found = {}
    with connection.cursor() as cursor:
        for name, question in CHECKS.items():
            cursor.execute(question, {"on": on, "days": days})
            found[name] = int(cursor.fetchall()[0][0])
    return found
