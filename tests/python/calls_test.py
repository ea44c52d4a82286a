"""Long calls: other threads run meanwhile, and Ctrl-C ends them."""

import os
import signal
import subprocess
import sys
import threading
import time
import unittest

import kraft
from support import TEXT, book

# A call that takes minutes, while a thread sends SIGINT as soon as it has begun: a model of Python says
# so, and is waited for; a command is a child, and of what works in C++ the processor's time grows.
INTERRUPTED = """
import glob, os, signal, threading, time
import kraft
text = b"she sells sea shells by the sea shore, or so they say. " * 2000
long = text * 150
begun, sent = threading.Event(), threading.Event()

def has_begun():
    children = any(open(path).read().strip() for path in glob.glob("/proc/self/task/*/children"))
    works = not {says_so} and time.process_time() > idle_seconds + 0.1
    return begun.is_set() or children or works

def interrupt():
    while not has_begun():
        time.sleep(0.01)
    print("sent", flush=True)
    os.kill(os.getpid(), signal.SIGINT)
    sent.set()

class Slow(kraft.Model):
    def next(self, context):
        begun.set()
        time.sleep(0.01)
        return range(256)

class Reader:
    bytes_read = 0
    def observe(self, data):
        Reader.bytes_read += len(data)
        begun.set()
        sent.wait()
        time.sleep(0.01)
    def next(self):
        return range(256)
    def copy(self):
        return self

class Reads(kraft.Model):
    def begin(self):
        return Reader()

kraft.register("slow", Slow())
kraft.register("reads", Reads())
idle_seconds = time.process_time()
threading.Thread(target=interrupt).start()
try:
    {call}
except KeyboardInterrupt:
    print("interrupted")
print(kraft.score("uniform", b"abc", positions=0)[0]["bits"])
"""


def interrupted_code(call):
    return INTERRUPTED.format(call=call, says_so="'reads'" in call or "'slow'" in call)


class InterruptTest(unittest.TestCase):
    def interrupted(self, call):
        done = subprocess.run([sys.executable, "-c", interrupted_code(call)], capture_output=True, text=True)
        self.assertEqual(done.stdout.split(), ["sent", "interrupted", "24.0"], done.stderr)

    def test_tasks(self):
        for call in (
            "kraft.sample('bzip2', text, length=100000, sampler='ancestral')",
            "kraft.score('bzip2', text, positions=100000)",
            "kraft.compress(text, 'bzip2')",
            "kraft.sample('slow', b'', length=100000, sampler='ancestral', alphabet='all')",
            "kraft.sample('cmd:\"sleep 100000\"', text, length=10, sampler='ancestral')",
        ):
            with self.subTest(call):
                self.interrupted(call)

    def test_states(self):
        self.interrupted("\n".join((
            "state = kraft.model('bzip2').start(text)",
            "    while True: state.next()",
        )))

    def test_contexts(self):
        for call in (
            "kraft.sample('cm', prime=long, length=1)",
            "kraft.score('cm', long)",
            "kraft.score('cm', b'a', prime=long)",
            "kraft.classify('cm', {'a': b'a', 'long': long}, b'a')",
            "kraft.model('cm').start(long)",
            "kraft.model('cm').start().measure([long])",
        ):
            with self.subTest(call):
                self.interrupted(call)

    def test_what_was_read_before_is_not_all(self):
        for call in (
            "kraft.sample('reads', prime=long, length=1)",
            "kraft.model('mix:reads,reads').start(long)",
        ):
            with self.subTest(call):
                self.interrupted("\n".join((
                    "try: " + call,
                    "    finally: assert 0 < Reader.bytes_read < len(long)",
                )))

    def test_a_state_that_was_cut_short_says_so(self):
        self.interrupted("\n".join((
            "state = kraft.model('cm').start()",
            "    try: state.observe(long)",
            "    finally:",
            "        try: state.next()",
            "        except kraft.Error as error: assert 'failed while it observed' in str(error)",
            "        else: assert False",
        )))

    def test_a_handler_of_ones_own_raises_what_it_raises(self):
        code = interrupted_code("kraft.score('bzip2', text, positions=100000)")
        code = code.replace("KeyboardInterrupt", "LookupError")
        code = "import signal\ndef handler(*_): raise LookupError\nsignal.signal(signal.SIGINT, handler)\n" + code
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        self.assertEqual(done.stdout.split(), ["sent", "interrupted", "24.0"], done.stderr)


class ThreadTest(unittest.TestCase):
    def test_other_threads_run_meanwhile(self):
        """One thread's call waits for what another thread does."""
        begun, proceed = threading.Event(), threading.Event()

        class Waits(kraft.Model):
            def next(self, context):
                begun.set()
                proceed.wait()
                return [8.0] * 256

        drawn = []
        thread = threading.Thread(
            target=lambda: drawn.append(kraft.sample(Waits(), TEXT, length=1, sampler="ancestral")))
        thread.start()
        begun.wait()
        self.assertEqual(kraft.model("gzip").start(TEXT).next().shape, (256,))
        self.assertEqual(len(kraft.score("gzip", TEXT, positions=2)), 1)
        proceed.set()
        thread.join()
        self.assertEqual(len(drawn), 1)

    def test_tasks_of_many_threads_do_not_disturb_each_other(self):
        expected = kraft.score(["gzip", "ppmd"], book(3000), positions=5)
        results = []
        threads = [
            threading.Thread(target=lambda: results.append(kraft.score(["gzip", "ppmd"], book(3000), positions=5)))
            for _ in range(6)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(results, [expected] * 6)


class EndTest(unittest.TestCase):
    def test_the_interpreter_ends_whatever_is_left(self):
        code = (
            "import kraft\n"
            "class Own(kraft.Model):\n"
            "    def next(self, context): return range(256)\n"
            "kraft.register('own', Own())\n"
            "state = kraft.model('mix:own,gzip').start(b'abc')\n"
            "mark = state.mark()\n"
            "other = Own().start(b'abc')\n"
            "print(state.next().shape)\n"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "(256,)\n", ""))


if __name__ == "__main__":
    unittest.main()
