"""What goes wrong is logged by its kind and its place, never with the values it stumbled over (product.md, S3).

The words of an exception may hold a name, an address, or a whole row of the database; so they are left out, except of
those kinds whose words speak of the machine and the program alone. What else is logged is for who calls the logger to
keep clean.
"""

import logging
import traceback
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import InterfaceError, OperationalError
from gunicorn.glogging import Logger as GunicornLogger

ABOUT_THE_MACHINE = (
    ImportError,
    ImproperlyConfigured,
    InterfaceError,  # the connection to the database, not what was asked over it
    MemoryError,
    NameError,
    OperationalError,
    OSError,
    TypeError,
)
ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class Discreet(logging.Formatter):
    """Exceptions as type and place, in the text of a line as well as under it."""

    def format(self, record: logging.LogRecord) -> str:
        clean = logging.makeLogRecord(record.__dict__)
        clean.exc_text = None  # another handler may have written it in full
        clean.args = _without_values(record)
        return super().format(clean)

    def formatException(self, ei: ExcInfo) -> str:  # noqa: N802 - the standard library's name
        return "\n".join(_lines(ei[1])) if ei[1] is not None else ""


class WebLogger(GunicornLogger):  # type: ignore[misc]
    """Gunicorn's own: workers that did not answer, requests that never reached Django; of those, the path at most."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(Discreet(self.error_fmt, self.datefmt))

    def warning(self, msg: str, *args: Any, **kwargs: Any) -> None:
        super().warning(msg.partition(" from ip=")[0], *args, **kwargs)  # of a broken request it quotes what is broken

    def exception(self, msg: str, *args: Any, **kwargs: Any) -> None:
        super().exception(msg, *(_path(value) for value in args), **kwargs)


def _path(value: Any) -> Any:
    return value.partition("?")[0] if isinstance(value, str) else value


def _without_values(record: logging.LogRecord) -> Any:
    """Celery puts the exception's ``repr`` among the words of its line, others the exception itself."""
    if isinstance(record.args, Mapping):
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else "an exception"
        told = {"exc": kind, "traceback": "", "args": "", "kwargs": ""}
        return {name: told.get(name, _told(value)) for name, value in record.args.items()}
    return tuple(map(_told, record.args)) if record.args else record.args


def _told(value: Any) -> Any:
    return _in_a_line(value) if isinstance(value, BaseException) else value


def _in_a_line(error: BaseException) -> str:
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    return f"{name}: {error}" if isinstance(error, ABOUT_THE_MACHINE) else name


def _lines(error: BaseException) -> Iterator[str]:
    """The chain of exceptions, the first cause first."""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        yield from _lines(cause)
        yield "which led to"
    yield "Traceback (most recent call last):"
    for frame in traceback.extract_tb(error.__traceback__):
        yield f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}'
    yield _in_a_line(error)
