"""The day's letters as one SQL statement each: as fast as this database can write the same rows and count them.

They know only the two schedules of ``day_of_letters`` and none of the rules: no climbing, no silence, nobody switched
off, no letter that two children share.
"""

# Tables made: notice, letter, line; with {messages} the outbox as well, and {message} in the letter.
_LIMIT = """
WITH run AS (
    INSERT INTO notices_run (day, by_clock, state, reason, started_at, looked_at, closed, status, past_stop,
              no_schedule, not_yet, already_told, no_auto_send, no_letters, too_soon, no_address, paper, email, failed,
              letters)
    VALUES (%(on)s, false, 'done', '', now(), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    RETURNING id
),
looked AS MATERIALIZED (
    SELECT loan.id AS loan_id, loan.due_on, patron.id AS patron_id, patron.email, patron.first_name, item.title,
           step.id AS step_id, step.number, step.who,
           nextval(pg_get_serial_sequence('notices_notice', 'id')) AS notice_id
    FROM circulation_loan loan
    JOIN circulation_item item ON item.id = loan.item_id
    JOIN circulation_patron patron ON patron.id = loan.patron_id
    JOIN notices_schedule_groups covers ON covers.group_id = patron.group_id
    LEFT JOIN notices_step step
        ON step.schedule_id = covers.schedule_id AND loan.due_on = %(on)s::date - step.days::integer
    WHERE loan.returned_on IS NULL AND loan.due_on BETWEEN %(on)s::date - 14 AND %(on)s::date + 3
),
reader AS MATERIALIZED (
    SELECT looked.*, carer.id AS guardian_id, coalesce(carer.email, looked.email) AS address,
           nextval(pg_get_serial_sequence('notices_letter', 'id')) AS letter_id{numbered}
    FROM looked
    LEFT JOIN circulation_guardianship link ON link.patron_id = looked.patron_id AND looked.who = 'guardians'
    LEFT JOIN circulation_guardian carer ON carer.id = link.guardian_id
    WHERE looked.step_id IS NOT NULL
),
notice AS (
    INSERT INTO notices_notice (id, loan_id, due_on, number, occurrence, step_id, run_id, said_on, why)
    SELECT notice_id, loan_id, due_on, number, 0, step_id, run.id, %(on)s, '' FROM looked, run WHERE step_id IS NOT NULL
    ON CONFLICT DO NOTHING
    RETURNING id
),{messages}
letter AS (
    INSERT INTO notices_letter (id, run_id, service, audience, channel, state, kind, number, revision, day, patron_id,
              guardian_id, "to", subject, text, html, why, made_at, message_id)
    SELECT letter_id, run.id, 'circulation', CASE WHEN guardian_id IS NULL THEN 'patron' ELSE 'guardian' END,
           CASE address WHEN '' THEN 'paper' ELSE 'email' END, 'queued', 'step', number, 0, %(on)s,
           CASE WHEN guardian_id IS NULL THEN patron_id END, guardian_id, address, {subject}, '', '', '', now(),
           {message}
    FROM reader, run
    RETURNING id
),
line AS (
    INSERT INTO notices_line (letter_id, notice_id) SELECT letter_id, notice_id FROM reader RETURNING id
)
SELECT CASE WHEN step_id IS NULL THEN 'already_told' WHEN email = '' THEN 'paper' ELSE 'email' END, count(*)
FROM looked GROUP BY 1
UNION ALL SELECT 'letters', count(*) FROM letter
"""

_MESSAGES = """
message AS (
    INSERT INTO smtp_gateway_outboundmessage (id, kind, priority, "to", to_name, subject, content, size, message_id,
              dedup_key, state, stage, reason, attempts, crashes, times_uncertain, suspicious, last_enhanced,
              last_words)
    SELECT message_id, 'notice', 30, address, first_name, 'A library book to bring back', content, length(content),
           format('<%%s@banksia.example>', letter_id), format('letter:%%s:0', letter_id), 'waiting', '', '', 0, 0, 0,
           false, '', ''
    FROM (SELECT reader.*, convert_to(format(%(content)s, first_name, title, letter_id), 'UTF8') AS content FROM reader)
         AS written
    RETURNING id
),"""

SCAN_LIMIT = _LIMIT.format(numbered="", messages="", message="NULL", subject="''")
WHOLE_LIMIT = _LIMIT.format(
    numbered=", nextval(pg_get_serial_sequence('smtp_gateway_outboundmessage', 'id')) AS message_id",
    messages=_MESSAGES,
    message="message_id",
    subject="'A library book to bring back'",
)

#: One message as it was written, with its reader's first name and its title.
WRITTEN_OUT = """
SELECT message.content, patron.first_name, item.title
FROM smtp_gateway_outboundmessage message
JOIN notices_letter letter ON letter.message_id = message.id
JOIN notices_line line ON line.letter_id = letter.id
JOIN notices_notice notice ON notice.id = line.notice_id
JOIN circulation_loan loan ON loan.id = notice.loan_id
JOIN circulation_patron patron ON patron.id = loan.patron_id
JOIN circulation_item item ON item.id = loan.item_id
ORDER BY message.id LIMIT 1
"""
