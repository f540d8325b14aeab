"""Try wording that nobody has saved yet, where it can do no harm.

The child (``trial_child``) renders with the code that sends and has 2 seconds of processor time and 256 MB of memory.
It is a new interpreter without Django, about a tenth of a second to start, so it works the same under gunicorn, in a
test and on the command line, and what goes wrong in it ends with it. Decides nothing about rows and saves nothing.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from django.conf import settings

from notices import rendering
from notices.compiled import Rendered
from notices.language import TemplateError
from notices.letter_data import LetterData
from notices.models import Audience

WALL_SECONDS = 5
"""For a machine that is busy with other things; the child's own limit counts only what it works itself."""

TOO_LONG = (
    "This wording takes more than two seconds to become a letter, so it was stopped. Take loops out of other loops."
)
TOO_LARGE = "This wording needs more memory than a letter may take, so it was stopped. Take loops out of other loops."


def letters(*, subject: str, body: str, audience: Audience, about: Sequence[LetterData]) -> list[rendering.Written]:
    """What these letters would say in this wording. Raises TemplateError with the reason where they would not."""
    sources = rendering.sources(subject=subject, body=body, audience=audience)
    answer = _asked({"sources": sources, "letters": [data.as_liquid() for data in about]})
    if "sentence" in answer:
        raise TemplateError(answer["sentence"])
    return [rendering.finished(Rendered(*one)) for one in answer["letters"]]


def errors(*, subject: str, body: str, audience: Audience, about: Sequence[LetterData]) -> list[TemplateError]:
    """Everything that keeps this wording from being saved, in reading order; it is tried on these letters."""
    found = rendering.errors_in_words(subject=subject, body=body, audience=audience)
    if found:
        return found
    try:
        letters(subject=subject, body=body, audience=audience, about=about)
    except TemplateError as error:
        return [error]
    return []


def _asked(question: dict[str, Any]) -> dict[str, Any]:
    try:
        done = subprocess.run(
            [sys.executable, "-m", "notices.trial_child"],
            input=json.dumps(question),
            capture_output=True,
            encoding="utf-8",
            timeout=WALL_SECONDS,
            cwd=settings.BASE_DIR,
            env={"PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"},  # and nothing of ours, which has secrets
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise TemplateError(TOO_LONG) from error
    if done.returncode < 0:
        raise TemplateError(TOO_LONG)
    if done.returncode:
        raise TemplateError(TOO_LARGE)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer
