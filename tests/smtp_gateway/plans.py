"""How PostgreSQL does what our code asks: the plan of every statement about messages, as it is really sent."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection

MESSAGES = "smtp_gateway_outboundmessage"
_INDEX = re.compile(r"(?:Scan(?: Backward)? using|Bitmap Index Scan on) (\w+)")


@dataclass(frozen=True, slots=True)
class Plan:
    """EXPLAIN's words, without costs."""

    text: str

    @property
    def indexes(self) -> set[str]:
        return set(_INDEX.findall(self.text))

    @property
    def sorts(self) -> bool:
        return "Sort" in self.text

    @property
    def reads_a_whole_table(self) -> bool:
        return f"Seq Scan on {MESSAGES}" in self.text or "Seq Scan on smtp_gateway_deliveryattempt" in self.text


@contextmanager
def explained() -> Iterator[list[Plan]]:
    """The plans of what is asked inside, each made just before its statement is executed."""
    plans: list[Plan] = []

    def explain(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        if MESSAGES in sql and not many:
            with connection.connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN (COSTS OFF) {sql}", params)
                plans.append(Plan("\n".join(line for (line,) in cursor.fetchall())))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        yield plans
