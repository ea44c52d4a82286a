"""The package as its users meet it: help, types, installing, the example."""

import doctest
import importlib.util
import os
import pathlib
import pydoc
import subprocess
import sys
import tarfile
import tempfile
import unittest
import zipfile

import kraft
from support import DATA, SOURCE

BUILD = os.environ["KRAFT_BUILD"]
CMAKE = os.environ["CMAKE"]


def needs(*modules):
    """Skips where a module is missing, which with KRAFT_NOTHING_MISSING is a failure."""
    missing = [module for module in modules if importlib.util.find_spec(module) is None]
    return unittest.skipIf(missing and "KRAFT_NOTHING_MISSING" not in os.environ, f"no {', '.join(missing)}")


class PackageTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def run_(self, *command, **options):
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout


class HelpTest(PackageTest):
    def test_the_tutorial_is_true(self):
        found = doctest.testmod(kraft, verbose=False)
        self.assertGreater(found.attempted, 20)
        self.assertEqual(found.failed, 0)

    def test_help_has_all_of_it(self):
        text = pydoc.plain(pydoc.render_doc(kraft))
        for words in ("What does gzip expect next?", "class Model(", "float64[256]", "sample(model=None, prompt=None",
                      "temperature=None", "0: the most probable unit", "UsageError"):
            self.assertIn(words, text)

    def test_whatever_is_public_says_what_it_is(self):
        for name in kraft.__all__:
            public = getattr(kraft, name)
            self.assertTrue(public.__doc__, name)
            for method in vars(public) if isinstance(public, type) else ():
                if not method.startswith("_") and name in ("Model", "State", "Codec") and method != "granularity":
                    self.assertTrue(getattr(public, method).__doc__, f"{name}.{method}")

    def test_options_are_described_with_their_defaults(self):
        text = kraft.sample.__doc__
        self.assertRegex(text, r"\n  length: int \(0\.\.1073741824; default: 200\)\n      bytes to draw\n")
        self.assertIn("\n  rows: int\n      image: draw the last N rows\n", kraft.complete_image.__doc__)


class StubTest(PackageTest):
    def environment(self):
        return {**os.environ, "MYPYPATH": os.environ["KRAFT_PACKAGE"], "MYPY_CACHE_DIR": str(self.folder / "cache")}

    def test_they_have_every_option(self):
        self.run_(sys.executable, SOURCE / "tests/python/stubs")

    @needs("mypy")
    def test_they_are_what_there_is(self):
        self.run_(sys.executable, "-m", "mypy.stubtest", "kraft", "--concise", "--allowlist",
                  SOURCE / "tests/python/allowed", "--ignore-unused-allowlist", env=self.environment(), cwd=self.folder)

    @needs("mypy")
    def test_a_program_is_checked_by_them(self):
        program = self.folder / "program.py"
        program.write_text(
            "import zlib\n"
            "import numpy\n"
            "import kraft\n"
            "class Zlib(kraft.Codec):\n"
            "    def encode(self, message: kraft._Bytes) -> bytes:\n"
            "        return zlib.compress(bytes(message) if not isinstance(message, str) else message.encode())\n"
            "kraft.register('mine', Zlib())\n"
            "state = kraft.model('gzip').start(b'abc')\n"
            "best: int = int(state.next().argmin())\n"
            "rows = kraft.score(['gzip', 'ppmd'], {'a': b'abc'}, positions='all', chunk='64KiB')\n"
            "bits: float = rows[0]['bits']\n"
            "kraft.complete_image(numpy.zeros((4, 4), numpy.uint8), 'png', rows=2, box=(0, 0, 1, 1))\n")
        check = [sys.executable, "-m", "mypy", "--strict", program]
        self.run_(*check, env=self.environment(), cwd=self.folder)
        program.write_text("import kraft\nkraft.sample('gzip', length='long')\nkraft.sample('gzip', lenght=3)\n")
        done = subprocess.run(check, capture_output=True, text=True, env=self.environment(), cwd=self.folder)
        self.assertIn('Argument "length" to "sample" has incompatible type "str"', done.stdout)
        self.assertIn('Unexpected keyword argument "lenght"', done.stdout)


class InstallTest(PackageTest):
    """Outside of the folder that it was built in."""

    program = ("import kraft; print(kraft.__file__, kraft.__version__); "
               "print(len(kraft.sample('llama:text', 'Call me ', length=3)))")

    def imported(self, python, path=None):
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        if path:
            environment["PYTHONPATH"] = str(path)
        file, version, length = self.run_(python, "-c", self.program, env=environment, cwd=self.folder).split()
        self.assertEqual((version, length), (kraft.__version__, "3"))
        return file

    def test_cmake_installs_it(self):
        self.run_(CMAKE, "--install", BUILD, "--component", "python", "--prefix", self.folder / "prefix")
        (package,) = (self.folder / "prefix").rglob("kraft/__init__.py")
        self.assertRegex(str(package), r"/lib/python3[^/]*/(site|dist)-packages/kraft/")
        self.assertTrue((package.parent / "py.typed").exists())
        self.assertEqual(self.imported(sys.executable, package.parents[1]), str(package))

    @needs("pip", "venv", "ensurepip")
    def test_pip_installs_it(self):
        venv = self.folder / "venv"
        self.run_(sys.executable, "-m", "venv", "--system-site-packages", venv)
        pip = [venv / "bin/python", "-m", "pip", "--disable-pip-version-check", "--no-cache-dir"]
        self.run_(*pip, "install", "--no-index", "--no-build-isolation", "--config-settings", f"build-dir={BUILD}",
                  SOURCE, env={**os.environ, "PIP_NO_INPUT": "1"})
        self.assertTrue(self.imported(venv / "bin/python").startswith(str(venv)))
        shown = self.run_(*pip, "show", "kraft")
        self.assertIn(f"Name: kraft\nVersion: {kraft.__version__}\n", shown)
        self.assertIn("License: MIT", shown)
        self.assertIn("Requires: numpy", shown)
        check = subprocess.run([*map(str, pip), "check"], capture_output=True, text=True)
        self.assertNotIn("kraft", check.stdout)
        self.run_(*pip, "uninstall", "-y", "kraft")

    def test_the_wheel_has_what_it_says(self):
        sys.path.insert(0, str(SOURCE / "src/python"))
        self.addCleanup(sys.path.pop, 0)
        import wheel_backend

        name = wheel_backend.build_wheel(self.folder, {"build-dir": BUILD})
        self.assertRegex(name, r"^kraft-[0-9.]+-cp3\d+-cp3\d+-linux_\w+\.whl$")
        with zipfile.ZipFile(self.folder / name) as wheel:
            files = set(wheel.namelist())
            info = f"kraft-{kraft.__version__}.dist-info"
            recorded = {line.split(",")[0] for line in wheel.read(f"{info}/RECORD").decode().splitlines()}
            metadata = wheel.read(f"{info}/METADATA").decode()
        self.assertEqual(recorded, files)
        self.assertLessEqual({"kraft/__init__.py", "kraft/__init__.pyi", "kraft/py.typed", "kraft/weights/text.gguf",
                              f"{info}/WHEEL", f"{info}/LICENSE"}, files)
        self.assertIn("\nRequires-Dist: numpy\n", metadata)
        self.assertEqual(wheel_backend.prepare_metadata_for_build_wheel(self.folder), info)
        self.assertEqual((self.folder / info / "METADATA").read_text(), metadata)

    def test_the_source_archive_has_what_it_is_built_from(self):
        if not (SOURCE / ".git").exists():
            self.skipTest("no clone of the repository")
        sys.path.insert(0, str(SOURCE / "src/python"))
        self.addCleanup(sys.path.pop, 0)
        import wheel_backend

        name = wheel_backend.build_sdist(self.folder)
        with tarfile.open(self.folder / name) as archive:
            files = set(archive.getnames())
        base = f"kraft-{kraft.__version__}"
        self.assertEqual(name, f"{base}.tar.gz")
        self.assertLessEqual({f"{base}/{file}" for file in ("PKG-INFO", "pyproject.toml", "CMakeLists.txt", "README.md",
                                                           "src/python/module.cc", "src/python/kraft/_tasks.py")}, files)


class ExampleTest(PackageTest):
    @needs("matplotlib")
    def test_pictures(self):
        self.run_(sys.executable, SOURCE / "examples/python_pictures.py", DATA / "mobydick.txt",
                  DATA / "astronaut.png", self.folder)
        for name, least in (("next-bytes.png", (300, 1000)), ("completions.png", (200, 1000))):
            height, width, _ = kraft.read_image(self.folder / name).shape
            self.assertGreater(height, least[0])
            self.assertGreater(width, least[1])


if __name__ == "__main__":
    unittest.main()
