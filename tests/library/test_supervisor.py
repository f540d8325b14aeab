"""Several programs under one supervisor: what dies comes back, what is asked to end ends, in order, and all of it."""

import os
import signal
import subprocess
import sys

import pytest

from tests.library.processes import PROJECT, eventually, sessions_alive

HOUSE = """
import sys, time
from pathlib import Path
from library.supervisor import Program, Stop, Supervisor

diary, programs = Path(sys.argv[1]), sys.argv[2:]

def say(sentence):
    with diary.open("a") as file:
        file.write(sentence + chr(10))

script = '''
import os, signal, subprocess, sys, time
def say(sentence):
    with open(sys.argv[1], "a") as file:
        file.write(sentence + chr(10))
def stop(*_):
    say("stop " + name)
    if name != "stubborn":
        sys.exit(0)
name = sys.argv[2]
signal.signal(signal.SIGTERM, stop)
if name == "parent":
    subprocess.Popen(["sleep", "60"])
say(f"start {name} {os.getpid()}")
while True:
    time.sleep(0.05)
'''

try:
    with Supervisor(say=say, longest_pause=2) as supervisor:
        for name in programs:
            command = [sys.executable, "-c", script, str(diary), name]
            supervisor.start(Program(title=name, command=command, folder=diary.parent, stop_seconds=1))
            while f"start {name}" not in (diary.read_text() if diary.exists() else ""):
                time.sleep(0.02)
        say("watching")
        supervisor.watch(step=0.05)
except Stop as signal_name:
    say(f"over: {signal_name}")
"""


class House:
    """A supervisor with some programs, in a process group of its own as ``make`` and its children are."""

    def __init__(self, folder, *programs):
        self.diary = folder / "diary"
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOUSE, str(self.diary), *programs], cwd=PROJECT, start_new_session=True
        )
        assert eventually(lambda: "watching" in self.lines())
        self.started = self.pids()

    def lines(self):
        return self.diary.read_text().splitlines() if self.diary.exists() else []

    def pids(self):
        return [int(line.split()[2]) for line in self.lines() if line.startswith("start ")]

    def stop(self, number=signal.SIGTERM):
        os.killpg(self.process.pid, number)
        return self.process.wait(20)

    def after(self, line):
        """What the diary says after this line."""
        lines = self.lines()
        return lines[lines.index(line) + 1 :]


@pytest.fixture
def house(tmp_path):
    """Build one; whatever the test did, it is over at the end."""
    built = []

    def build(*programs):
        built.append(House(tmp_path, *programs))
        return built[-1]

    yield build
    for each in built:
        each.process.kill()
        each.process.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_they_stop_in_the_opposite_order(house, number):
    """Ctrl-C, and TERM to the whole group, reach the supervisor alone; the database must end after its users."""
    home = house("database", "worker", "beat")

    code = home.stop(number)

    assert code == 0
    assert home.after("watching") == ["stop beat", "stop worker", "stop database", f"over: {number.name}"]
    assert sessions_alive() & set(home.started) == set()


def test_one_that_died_comes_back(house):
    """Killed, say, by the kernel when memory was short."""
    home = house("database", "worker")
    victim = home.started[1]

    os.kill(victim, signal.SIGKILL)

    assert eventually(lambda: len(home.pids()) == 3)
    assert home.after("watching")[0] == "worker ended (SIGKILL); it starts again in 1 s."
    assert home.stop() == 0


def test_one_that_dies_again_and_again_is_given_longer_pauses(house):
    """A program that cannot work must not fill the log."""
    home = house("worker")

    for times in (1, 2, 3):
        os.kill(home.pids()[-1], signal.SIGKILL)
        assert eventually(lambda times=times: len(home.pids()) == 1 + times)
    said = [line for line in home.after("watching") if "ended" in line]

    assert said == [f"worker ended (SIGKILL); it starts again in {seconds} s." for seconds in (1, 2, 2)]


def test_one_that_will_not_stop_is_killed(house):
    """After its time; and the others still get theirs."""
    home = house("database", "stubborn")

    code = home.stop()

    assert code == 0
    assert home.after("watching") == ["stop stubborn", "stop database", "over: SIGTERM"]
    assert sessions_alive() & set(home.started) == set()


def test_what_a_program_left_behind_goes_with_it(house):
    """Its own child did not hear the signal."""
    home = house("parent")

    code = home.stop()

    assert code == 0
    assert sessions_alive() & set(home.started) == set()


def test_they_end_when_the_supervisor_is_killed(house):
    """No process is left even then."""
    home = house("database", "worker")

    home.process.kill()

    assert eventually(lambda: sessions_alive() & set(home.started) == set())
