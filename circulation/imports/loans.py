"""Another system's open loans as the full truth (product.md, C5).

New loans appear, with an item made from the title columns where it is unknown; another due date is a renewal; a loan
that is missing came back; one that is listed again (same item, patron and due date) is the old loan with its history.
Only Circulation is touched. A refused row says nothing, neither that its loan is out nor that it came back; and a file
that would return more than half of what is out is not believed without a number.
"""

from typing import Any

from circulation.imports import fields
from circulation.imports.plan import Objection, Plan
from circulation.imports.read import Row
from circulation.imports.staging import Cleaner, Importer, RowError
from circulation.models import ImportFile, Loan
from circulation.signals import Cause, loans_changed
from circulation.words import several

MOST_RENEWALS = 999


class Loans(Importer):
    kind = ImportFile.Kind.LOANS
    table = "incoming"
    copied = {
        "barcode": "text",
        "title": "text",
        "author": "text",
        "call_number": "text",
        "card": "text",
        "lent_on": "date",
        "due_on": "date",
        "renewals": "integer",
    }
    worked_out = {
        "item_id": "bigint",
        "patron_id": "bigint",
        "loan_id": "bigint",
        "deed": "text NOT NULL DEFAULT 'new'",
    }
    """deed: new, same, due (another due date), hand (from one patron to another), again (listed again)."""

    def clean(self, row: Row, values: dict[str, str]) -> tuple[Any, ...]:
        use = Cleaner(values).use
        barcode = use(fields.name, "barcode", "barcode", longest=40)
        card = use(fields.name, "patron", "card", longest=40)
        if not barcode:
            raise RowError("There is no barcode of an item.", field="barcode")
        if not card:
            raise RowError("There is no card of a borrower.", field="patron")
        due, lent = use(fields.day, "due_on", "due date"), use(fields.day, "lent_on", "date of lending")
        if due is None:
            raise RowError("There is no due date.", field="due_on")
        if lent and lent > due:
            raise RowError("It was due before it was lent.", field="due_on")
        return (
            barcode,
            use(fields.text, "title", "title", longest=500),
            use(fields.text, "author", "author", longest=300),
            use(fields.text, "call_number", "call number", longest=80),
            card,
            lent,
            due,
            use(fields.number, "renewals", "renewals", most=MOST_RENEWALS),
        )

    def plan(self) -> Plan:
        self._refuse_doubled()
        self._find_on_file()
        self._refuse_unusable()
        self.remember_refused_keys()
        self._decide()
        self._count()
        self._doubt()
        return self.settle()

    def apply(self) -> None:
        changed = self._change()
        self._make_items()
        self._mark_as_kept_by_the_file()
        self._say({**changed, Cause.LENT: self._lend()})

    def rehearse(self) -> None:
        self._say(self._change())

    def missing(self) -> tuple[Any, ...]:
        """The parameters of MISSING."""
        return (Loan.Service.CIRCULATION.value, self.nameless)

    def _change(self) -> dict[Cause, list[int]]:
        """Loans that come back, that are open once more, and that have another due date."""
        returned = self._take_back()
        again = self.ids(
            """
            UPDATE circulation_loan l SET returned_on = NULL, returned_at = NULL, from_file = true
              FROM incoming i WHERE l.id = i.loan_id AND i.deed = 'again' RETURNING l.id
            """
        )
        return {Cause.RETURNED: returned, Cause.RETURN_UNDONE: again, Cause.RENEWED: self._renew()}

    def _say(self, changed: dict[Cause, list[int]]) -> None:
        for cause, loan_ids in changed.items():
            if loan_ids:
                loans_changed.send(sender=Loan, loan_ids=loan_ids, cause=cause, by=self.by)

    def _refuse_doubled(self) -> None:
        """Two rows for one thing: nobody can say which is true, so neither is believed."""
        for line, barcode, others in self.all(
            """
            WITH doubled AS (SELECT barcode, array_agg(line ORDER BY line) AS lines
                               FROM incoming GROUP BY barcode HAVING count(*) > 1)
            DELETE FROM incoming i USING doubled WHERE doubled.barcode = i.barcode
            RETURNING i.line, i.barcode, doubled.lines
            """
        ):
            other = next(one for one in others if one != line)
            reason = f"Line {other} has the same item. One thing cannot be on loan twice."
            self.refuse(line, reason, key=barcode, field="barcode", found=barcode)

    def _find_on_file(self) -> None:
        self.run("UPDATE incoming SET item_id = t.id FROM circulation_item t WHERE t.barcode = incoming.barcode")
        self.run(
            """
            UPDATE incoming SET patron_id = p.id FROM circulation_patron p
             WHERE p.barcode = incoming.card AND p.erased_at IS NULL
            """
        )

    def _refuse_unusable(self) -> None:
        for line, barcode, card in self.all(
            "DELETE FROM incoming WHERE patron_id IS NULL RETURNING line, barcode, card"
        ):
            self.refuse(
                line, f"No patron has the card {card}. Import patrons first.", key=barcode, field="patron", found=card
            )
        for line, barcode in self.all(
            "DELETE FROM incoming WHERE item_id IS NULL AND coalesce(title, '') = '' RETURNING line, barcode"
        ):
            reason = f"No item has the barcode {barcode}, and this row has no title to make one from."
            self.refuse(line, reason, key=barcode, field="barcode", found=barcode)
        for line, barcode in self.all(
            """
            DELETE FROM incoming i USING circulation_loan l
             WHERE l.item_id = i.item_id AND l.returned_on IS NULL AND l.service <> %s RETURNING i.line, i.barcode
            """,
            Loan.Service.CIRCULATION.value,
        ):
            reason = f"{barcode} is out as an interlibrary loan, which such a file does not change."
            self.refuse(line, reason, key=barcode, field="barcode", found=barcode)

    def _decide(self) -> None:
        self.run(
            """
            UPDATE incoming i
               SET loan_id = l.id,
                   deed = CASE WHEN l.patron_id <> i.patron_id THEN 'hand' WHEN l.due_on <> i.due_on THEN 'due'
                               ELSE 'same' END
              FROM circulation_loan l WHERE l.item_id = i.item_id AND l.returned_on IS NULL
            """
        )
        self.run(
            """
            UPDATE incoming i SET loan_id = before.id, deed = 'again'
              FROM (SELECT DISTINCT ON (l.item_id) l.item_id, l.id
                      FROM circulation_loan l JOIN incoming n
                        ON n.item_id = l.item_id AND n.patron_id = l.patron_id AND n.due_on = l.due_on
                     WHERE n.deed = 'new' AND l.returned_on IS NOT NULL AND l.service = %s
                     ORDER BY l.item_id, l.returned_on DESC, l.id DESC) before
             WHERE before.item_id = i.item_id AND i.deed = 'new'
            """,
            Loan.Service.CIRCULATION.value,
        )

    def _count(self) -> None:
        result = self.result
        result.added, result.changed, result.unchanged, made, again, hands = self.all(
            """
            SELECT count(*) FILTER (WHERE deed IN ('new', 'hand')), count(*) FILTER (WHERE deed IN ('due', 'again')),
                   count(*) FILTER (WHERE deed = 'same'), count(*) FILTER (WHERE item_id IS NULL),
                   count(*) FILTER (WHERE deed = 'again'), count(*) FILTER (WHERE deed = 'hand')
              FROM incoming
            """
        )[0]
        result.returned = hands + self.one(f"SELECT count(*) FROM ({MISSING}) missing", *self.missing())
        if made:
            result.remarks.append(f"{several(made, 'item')} will be made from the title columns.")
        if again:
            result.remarks.append(
                f"{several(again, 'loan')} listed again: the old ones with their history, open once more."
            )

    def _doubt(self) -> None:
        """More than half coming back at once is a broken export until a person says the number."""
        result = self.result
        if self.nameless and result.refused:
            result.remarks.append(
                "Some refused rows do not say which item they mean, so nothing is returned by this file."
            )
        out = Loan.objects.open().filter(service=Loan.Service.CIRCULATION).count()
        allowed = self.options.allow_returns
        if result.returned * 2 > out and (allowed is None or allowed < result.returned):
            result.doubted_returns = result.returned
            sentence = (
                f"This file would return {result.returned:,} of {several(out, 'open loan')}, more than half. "
                "If that is right, say the number."
            )
            result.objections.append(Objection(sentence, option=f"--allow-returns {result.returned}"))

    def _take_back(self) -> list[int]:
        return self.ids(
            f"""
            UPDATE circulation_loan
               SET returned_on = greatest(%s, lent_on), returned_at = %s, shelf_checks_left = 0
             WHERE id IN ({MISSING} UNION ALL SELECT loan_id FROM incoming WHERE deed = 'hand') RETURNING id
            """,
            self.on,
            self.at,
            *self.missing(),
        )

    def _make_items(self) -> None:
        self.run(
            """
            INSERT INTO circulation_item (barcode, title, author, call_number, added_at)
            SELECT barcode, title, coalesce(author, ''), coalesce(call_number, ''), %s
              FROM incoming WHERE item_id IS NULL
            """,
            self.at,
        )
        self.run(
            """
            UPDATE incoming SET item_id = t.id FROM circulation_item t
             WHERE incoming.item_id IS NULL AND t.barcode = incoming.barcode
            """
        )

    def _mark_as_kept_by_the_file(self) -> None:
        self.run(
            """
            UPDATE circulation_loan l SET from_file = true FROM incoming i
             WHERE l.id = i.loan_id AND i.deed = 'same' AND NOT l.from_file
            """
        )

    def _renew(self) -> list[int]:
        """The new due date starts the steps anew; who renews has the thing in hand, so it is on loan again."""
        return self.ids(
            """
            UPDATE circulation_loan l
               SET due_on = i.due_on, due_set_on = %s, renewals = coalesce(i.renewals, l.renewals + 1),
                   from_file = true, lent_on = coalesce(i.lent_on, l.lent_on),
                   quiet_until = NULL, shelf_checks_left = 0,
                   status = CASE WHEN l.status = ANY (%s) THEN %s ELSE l.status END
              FROM incoming i WHERE l.id = i.loan_id AND i.deed = 'due' RETURNING l.id
            """,
            self.on,
            [Loan.Status.SAYS_BACK.value, Loan.Status.EXTENSION_ASKED.value],
            Loan.Status.ON_LOAN.value,
        )

    def _lend(self) -> list[int]:
        """A due date that nobody renewed was set on the day of lending; any other one today, as far as we know."""
        return self.ids(
            """
            INSERT INTO circulation_loan
                   (item_id, service, patron_id, lent_on, due_on, due_set_on, renewals, status, status_reason,
                    shelf_checks_left, our_reference, their_reference, conditions, from_file)
            SELECT item_id, %s, patron_id, coalesce(lent_on, least(%s, due_on)), due_on,
                   CASE WHEN coalesce(renewals, 0) = 0 THEN coalesce(lent_on, %s) ELSE %s END,
                   coalesce(renewals, 0), %s, '', 0, '', '', '', true
              FROM incoming WHERE deed IN ('new', 'hand') RETURNING id
            """,
            Loan.Service.CIRCULATION.value,
            self.on,
            self.on,
            self.on,
            Loan.Status.ON_LOAN.value,
        )


MISSING = """
    SELECT l.id FROM circulation_loan l JOIN circulation_item t ON t.id = l.item_id
     WHERE l.returned_on IS NULL AND l.service = %s AND NOT %s
       AND NOT EXISTS (SELECT 1 FROM incoming i WHERE i.barcode = t.barcode)
       AND NOT EXISTS (SELECT 1 FROM refused_key r WHERE r.key = t.barcode)
"""
"""Loans that the file does not name; none when a refused row does not say which item it means."""
