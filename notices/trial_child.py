"""The child process in which unsaved wording is tried: ``python -m notices.trial_child``.

Reads ``{"sources": [subject, text, html], "letters": [data, …]}`` from its input and writes ``{"letters": [[subject,
text, html], …]}`` or ``{"sentence": …}``. Before it reads a word it takes from itself what wording has no use for:
time, memory, files and further processes. It has no settings, no database and no secrets; ``trial`` starts it.
"""

import json
import resource
import sys

from notices.compiled import Compiled, Sources
from notices.language import TemplateError

CPU_SECONDS = 2
MEMORY = 256 * 1024 * 1024
"""Bytes of address space; the interpreter with Liquid takes 40 MB of them."""


def main() -> None:
    _limit()
    asked = json.load(sys.stdin)
    try:
        compiled = Compiled.of(Sources(*asked["sources"]))
        answer: dict[str, object] = {"letters": [compiled.render(values) for values in asked["letters"]]}
    except TemplateError as error:
        answer = {"sentence": error.sentence}
    json.dump(answer, sys.stdout)


def _limit() -> None:
    for what, most in (
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


if __name__ == "__main__":
    main()
