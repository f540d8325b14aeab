"""What the simulated year has to tell, as Markdown: letters, tables, seconds, and whether everything held."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from statistics import mean
from typing import Any

from django.db import connection

from benchmarks import plot, year_checks
from benchmarks.results import table
from benchmarks.year_lived import PARTS, SIZED, TABLES, Today, Year

STORY = """\
What the year said, and what was done:

- *Taking back* cost seven statements a letter, in the transaction of the desk or import that brought the books home:
  the first morning of the desk, with some five hundred letters waiting, took 3.8 s of processor time. Now it is the
  same few statements for any number of letters, and that morning takes 0.4 s.
- *The daily run* grew with the ledger and not with its loans: a run that looked at 164 loans and planned 23 letters on
  the last day took 0.54 s of processor time, twice that of the first day with its 3,746 loans. 0.30 s of it was the
  `ANALYZE` of the ledger at its end, which reads a sample of 30,000 letters whatever the run has added. Now a run
  analyses only where it adds more than a tenth, as autovacuum does.
- *Held for you*: every ninth run was held, two thirds of them on Mondays of ordinary weeks. A school week writes five
  times as many letters on a Monday as on a Wednesday, and three times the median of ten runs lies just there.
- At 200 an hour the letters of a Monday take six hours; every ninth letter was taken back because its book came home
  before it went."""

LETTERS = """
SELECT letter.kind, letter.number, letter.audience, letter.channel, count(*),
       count(*) FILTER (WHERE message.state = 'sent' OR letter.state = 'printed'),
       count(*) FILTER (WHERE letter.state = 'taken_back'),
       count(*) FILTER (WHERE letter.state NOT IN ('taken_back', 'printed') AND message.state IS DISTINCT FROM 'sent')
FROM notices_letter letter LEFT JOIN smtp_gateway_outboundmessage message ON message.id = letter.message_id
GROUP BY 1, 2, 3, 4
ORDER BY letter.number, letter.audience DESC, letter.channel
"""
WHY = """
SELECT why, count(*) FROM notices_letter WHERE state = 'taken_back' GROUP BY 1 ORDER BY 2 DESC
"""
WHAT_BECAME = """
SELECT count(*), count(*) FILTER (WHERE returned_on <= due_on), count(*) FILTER (WHERE returned_on > due_on),
       count(*) FILTER (WHERE returned_on IS NULL AND status = 'on_loan' AND due_on >= %(on)s),
       count(*) FILTER (WHERE returned_on IS NULL AND status = 'on_loan' AND due_on < %(on)s),
       count(*) FILTER (WHERE returned_on IS NULL AND status <> 'on_loan')
FROM circulation_loan
"""
HOW_OFTEN = f"""
SELECT audience, count(*), percentile_disc(ARRAY[.5, .9, .99]) WITHIN GROUP (ORDER BY letters), max(letters)
FROM (SELECT audience, reader, count(*) AS letters FROM {year_checks.READERS} GROUP BY 1, 2) each
GROUP BY 1 ORDER BY 1 DESC
"""
PEOPLE = """
SELECT (SELECT count(*) FROM circulation_patron), (SELECT count(*) FROM circulation_guardian),
       (SELECT count(*) FROM circulation_item),
       (SELECT count(DISTINCT borrower_id) FROM year.heard),
       (SELECT count(DISTINCT borrower_id) FROM year.heard WHERE number > 0),
       (SELECT count(DISTINCT (loan_id, due_on)) FROM year.heard WHERE number > 0)
"""
KEPT = """
SELECT (SELECT count(*) FROM circulation_loan WHERE patron_id IS NULL),
       (SELECT count(*) FROM smtp_gateway_outboundmessage WHERE content = ''),
       (SELECT count(*) FROM smtp_gateway_outboundmessage),
       (SELECT coalesce(sum(octet_length(content)), 0) / 1e6 FROM smtp_gateway_outboundmessage)
"""
DEAD = "SELECT n_dead_tup FROM pg_stat_user_tables WHERE relname = %s"


def lines(year: Year, *, arrived: int) -> list[str]:
    last = year.days[-1].on
    return [
        *_people(year, last),
        "",
        *_letters(),
        "",
        *_how_often(),
        "",
        *_runs(year),
        "",
        *_seconds(year),
        "",
        *_tables(year),
        "",
        *_checks(year, arrived=arrived, on=last),
    ]


def draw(year: Year, path: Path) -> None:
    """Seconds of the daily run and of writing its letters: of each week the mean of the days that had a run."""
    weeks: dict[date, list[Today]] = {}
    for day in year.days:
        if day.looked_at:
            weeks.setdefault(day.on - timedelta(days=day.on.weekday()), []).append(day)
    plot.days(
        path,
        title="Seconds of processor time for one day, through the year",
        unit="s",
        lines={
            name: [(week, mean(day.spent[part].processor for day in days)) for week, days in weeks.items()]
            for name, part in (("the daily run", "run"), ("writing its letters", "writing"))
        },
    )


def _people(year: Year, last: date) -> list[str]:
    patrons, guardians, items, told, told_late, late = _ask(PEOPLE)[0]
    loans, in_time, too_late, out, overdue, settled = _ask(WHAT_BECAME, {"on": last})[0]
    each = {
        name: sum(getattr(day.people, name) for day in year.days) for name in ("lent", "renewed", "returned", "by_hand")
    }
    return [
        f"{patrons:,} patrons, {guardians:,} parents and carers, {items:,} items; {len(year.days)} days from "
        f"{year.days[0].on:%-d %B %Y}: {each['lent']:,} loans, {each['renewed']:,} renewals, "
        f"{each['returned']:,} returns, {each['by_hand']:,} deeds of librarians one by one.",
        "",
        f"Of {loans:,} loans {in_time:,} came back in time, {too_late:,} late; {out:,} are out, {overdue:,} overdue "
        f"and {settled:,} billed, lost or said to be back. {told:,} patrons were written about, {told_late:,} of them "
        f"about {late:,} overdue loans.",
    ]


def _letters() -> list[str]:
    rows = []
    for kind, number, audience, channel, planned, gone, taken_back, waiting in _ask(LETTERS):
        name = f"Reminder {-number}" if number < 0 else f"Overdue {number}" if number else kind
        rows.append([f"{name}, {audience}, {channel}", *_many(planned, gone, taken_back, waiting)])
    why = "; ".join(f"{name or 'no reason'} {count:,}" for name, count in _ask(WHY))
    head = ["step, reader, channel", "planned", "sent or printed", "taken back before", "waiting"]
    return [*table(head, rows), "", f"Why they were taken back: {why}."]


def _how_often() -> list[str]:
    rows = [[audience, *_many(count, *often, most)] for audience, count, often, most in _ask(HOW_OFTEN)]
    head = ["letters to one reader in the year", "readers", "half of them at most", "nine of ten", "99 of 100", "most"]
    return table(head, rows)


def _runs(year: Year) -> list[str]:
    from notices.models import Run

    runs = Run.objects.by_the_clock()
    done = runs.that_looked()
    quiet = runs.filter(state=Run.State.QUIET)
    held = done.exclude(held_at=None)
    reasons = ", ".join(f"{run.day:%-d %B} ({run.reason.rstrip('.')})" for run in held.order_by("day")[:30])
    return [
        f"{runs.count():,} runs by the clock: {done.count():,} looked, {quiet.count():,} were quiet days; "
        f"{held.count():,} were held until somebody let them go at nine: {reasons or 'none'}."
    ]


def _seconds(year: Year) -> list[str]:
    looked = [day for day in year.days if day.looked_at]
    chosen: dict[str, Sequence[Today]] = {}
    for number in sorted({*SIZED, len(year.days)}):
        near = [day for day in looked if (day.on - year.days[0].on).days + 1 >= number] or looked[-1:]
        if number <= len(year.days):
            chosen[f"day {number}, {near[0].on:%-d %b}"] = near[:1]
    month = min(20, len(looked) // 2)
    chosen[f"the first {month} runs, mean"], chosen[f"the last {month} runs, mean"] = looked[:month], looked[-month:]
    head = ["", "loans looked at", "letters", "run", "its processor", "writing a letter", "sending one", "desk",
            "forgetting"]  # fmt: skip
    each = [f"{part} {sum(day.spent[part].processor for day in year.days):,.0f} s" for part in PARTS]
    return [
        *table(head, [[name, *_costs(days)] for name, days in chosen.items()]),
        "",
        f"Processor time of {len(year.days)} days: {', '.join(each)}. All figures but those of *run* are of "
        "the processor.",
    ]


def _costs(days: Sequence[Today]) -> Iterator[str]:
    def spent(what: str) -> float:
        return mean(day.spent[what].processor for day in days)

    written, sent = sum(day.written for day in days), sum(day.sent for day in days)
    yield f"{mean(day.looked_at for day in days):,.0f}"
    yield f"{mean(day.letters for day in days):,.0f}"
    yield f"{mean(day.spent['run'].clock for day in days):.2f} s"
    yield f"{spent('run'):.2f} s"
    yield f"{spent('writing') * len(days) / written * 1e3:.2f} ms" if written else ""
    yield f"{spent('sending') * len(days) / sent * 1e3:.2f} ms" if sent else ""
    yield f"{spent('desk'):.2f} s"
    yield f"{spent('forgetting'):.2f} s"


def _tables(year: Year) -> list[str]:
    head = ["rows, MB with indexes", *(f"day {number}" for number in year.sizes), "dead rows at the end"]
    rows = []
    for name, called in TABLES.items():
        at = [size[name] for size in year.sizes.values()]
        dead = _ask(DEAD, [called])[0][0]
        rows.append([name, *(f"{many:,} · {megabytes:,.0f} MB" for many, megabytes in at), f"{dead:,}"])
    forgotten, emptied, messages, kept = _ask(KEPT)[0]
    return [
        *table(head, rows),
        "",
        f"Kept for 60 days and then forgotten: {forgotten:,} loans have no borrower any more, and {emptied:,} of "
        f"{messages:,} messages no text; the texts that are kept have {kept:,.0f} MB.",
    ]


def _checks(year: Year, *, arrived: int, on: date) -> list[str]:
    sent = sum(day.sent for day in year.days)
    found = {
        "A second daily run when a second clock asked": year.asked_again,
        "Messages that were sent and did not arrive, or arrived and were not sent": abs(sent - arrived),
        **year_checks.results(on=on, days=len(year.days)),
    }
    head = ["what should not be", "found"]
    return table(head, [[name, f"{count:,}" if count == 0 else f"**{count:,}**"] for name, count in found.items()])


def _many(*counts: int) -> list[str]:
    return [f"{count:,}" for count in counts]


def _ask(question: str, values: Any = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(question, values)
        return list(cursor.fetchall())
