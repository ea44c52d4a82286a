"""What the tests share: files, the command line, and texts that every model knows something of."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

DATA = pathlib.Path(os.environ["KRAFT_DATA"])
SOURCE = pathlib.Path(os.environ["KRAFT_SOURCE"])

TEXT = b"she sells sea shells by the sea shore, and the shells she sells are sea shells, I am sure. " * 5


def book(size=20000):
    return (DATA / "mobydick.txt").read_bytes().replace(b"\r", b"")[30000 : 30000 + size]


class CommandTest(unittest.TestCase):
    """A folder, and the command line in it."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def file(self, name, data):
        path = self.folder / name
        path.write_bytes(data)
        return path

    def kraft(self, *arguments):
        """Standard output of the command line."""
        words = [os.environ["KRAFT_BIN"], *(str(argument) for argument in arguments)]
        done = subprocess.run(words, cwd=self.folder, capture_output=True)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return done.stdout

    def kraft_json(self, *arguments):
        return json.loads(self.kraft(*arguments, "--json"))

    def kraft_error(self, *arguments):
        """The line that the command line ends with, without its name."""
        words = [os.environ["KRAFT_BIN"], *(str(argument) for argument in arguments)]
        done = subprocess.run(words, cwd=self.folder, capture_output=True)
        self.assertNotEqual(done.returncode, 0)
        return done.stderr.decode().strip().removeprefix("kraft: ")
