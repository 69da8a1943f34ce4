"""TAP for the tests: a case is a function; what it raises is its failure."""
import os
import sys
import threading
import time
import traceback


class Skip(Exception):
    """The case cannot be run here; the message says why."""


class Failure(Exception):
    """Something was not as it must be."""


_cases = []
_output = threading.Lock()


def scale(full, least=1):
    """`full` repetitions, fewer where COI_SCALE (sanitizer runs) says so."""
    return max(least, round(full * float(os.environ.get("COI_SCALE", "1"))))


def patience(seconds):
    """A deadline, longer where the programs under test are slow (COI_PATIENCE)."""
    return seconds * float(os.environ.get("COI_PATIENCE", "1"))


def note(*lines):
    """Prints a comment."""
    with _output:
        for text in lines:
            for line in str(text).splitlines() or [""]:
                print("#", line)
        sys.stdout.flush()
    for text in lines:
        if str(text).startswith("counts:"):
            tell(text)


def tell(text):
    """What a reader of the whole run wants to see: prove shows only standard error."""
    with _output:
        for line in str(text).splitlines():
            print("#", os.path.basename(sys.argv[0]), line, file=sys.stderr, flush=True)


def require(condition, message):
    if not condition:
        raise Failure(message)


def same(got, expected, what):
    if got != expected:
        raise Failure(f"{what}: got {got!r}, expected {expected!r}")


def eventually(condition, what, timeout=10):
    """Waits until condition() is true; returns its value."""
    end = time.monotonic() + patience(timeout)
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failure(f"never happened within {patience(timeout):g} s: {what}")
        time.sleep(0.02)


def case(title):
    """Decorator: the function is a case of this file, run in the order of definition."""
    def add(function):
        _cases.append((title, function))
        return function
    return add


def run():
    """Runs every case (or those whose title has the words of the command line); ends the process."""
    words = [word.lower() for word in sys.argv[1:]]
    chosen = [(title, function) for title, function in _cases if all(word in title.lower() for word in words)]
    print(f"1..{len(chosen)}", flush=True)
    failed = 0
    for number, (title, function) in enumerate(chosen, 1):
        start = time.monotonic()
        verdict, suffix, trace = "ok", "", None
        try:
            function()
        except Skip as reason:
            suffix = f" # SKIP {reason}"
        except KeyboardInterrupt:
            print("Bail out! interrupted", flush=True)
            sys.exit(130)
        except Exception:  # every failure of a case is reported as such, whatever it is
            verdict, failed, trace = "not ok", failed + 1, traceback.format_exc()
        if trace:
            note(trace)
            tell(f"{title}: {trace.strip().splitlines()[-1][:2000]}")
        with _output:
            print(f"{verdict} {number} - {title}{suffix}", flush=True)
        note(f"{time.monotonic() - start:.1f} s")
    sys.exit(1 if failed else 0)
