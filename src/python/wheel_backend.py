"""Builds the wheel of kraft with CMake (PEP 517), and needs nothing but the standard library.

    pip install --no-build-isolation .
    pip install --no-build-isolation --config-settings build-dir=build .    # of a build with KRAFT_PYTHON=ON

pyproject.toml has the metadata, CMakeLists.txt the version. The wheel has the module, the package's own
files, and the language models that come with kraft.
"""

import base64
import hashlib
import os
import pathlib
import re
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import tomllib
import zipfile

SOURCE = pathlib.Path(__file__).resolve().parents[2]


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    tag = _tag()
    name = f"kraft-{_version()}-{tag}.whl"
    with tempfile.TemporaryDirectory() as folder:
        staging = pathlib.Path(folder)
        package = _installed_package(staging, (config_settings or {}).get("build-dir"))
        with zipfile.ZipFile(pathlib.Path(wheel_directory, name), "w", zipfile.ZIP_DEFLATED) as wheel:
            record = []
            for path in sorted(package.iterdir()):
                _add(wheel, record, f"kraft/{path.name}", path.read_bytes())
            for path in sorted((SOURCE / "src/models/weights").glob("*.gguf")):
                _add(wheel, record, f"kraft/weights/{path.name}", path.read_bytes())
            for path, text in _metadata(tag).items():
                _add(wheel, record, path, text.encode())
            record.append(f"{_info()}/RECORD,,\n")
            wheel.writestr(f"{_info()}/RECORD", "".join(record))
    return name


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    for path, text in _metadata(_tag()).items():
        file = pathlib.Path(metadata_directory, path)
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    return _info()


def build_sdist(sdist_directory, config_settings=None):
    base = f"kraft-{_version()}"
    files = subprocess.run(["git", "ls-files", "-z"], cwd=SOURCE, check=True, capture_output=True).stdout
    name = f"{base}.tar.gz"
    with tarfile.open(pathlib.Path(sdist_directory, name), "w:gz", format=tarfile.PAX_FORMAT) as archive:
        for file in filter(None, os.fsdecode(files).split("\0")):
            archive.add(SOURCE / file, f"{base}/{file}")
        with tempfile.NamedTemporaryFile("w") as info:
            info.write(_metadata_text())
            info.flush()
            archive.add(info.name, f"{base}/PKG-INFO")
    return name


def _installed_package(staging, build):
    """The package as `cmake --install` leaves it."""
    if build is None:
        build = staging / "build"
        _run("cmake", "-S", SOURCE, "-B", build, "-DKRAFT_PYTHON=ON", f"-DPython_EXECUTABLE={sys.executable}",
             "-DKRAFT_PYTHON_DIR=python", "-DKRAFT_BUILD_PROGRAM=OFF", "-DKRAFT_BUILD_TESTS=OFF",
             "-DKRAFT_BUILD_EXAMPLES=OFF", "-DKRAFT_PRECOMPILE=ON")
    _run("cmake", "--build", build, "--target", "kraft_python", "--parallel", str(os.cpu_count() or 1))
    _run("cmake", "--install", build, "--component", "python", "--prefix", staging / "prefix", "--strip")
    (module,) = (staging / "prefix").rglob("_kraft*.so")
    return module.parent


def _run(*command):
    subprocess.run([str(word) for word in command], check=True)


def _add(wheel, record, path, data):
    wheel.writestr(zipfile.ZipInfo(path), data, zipfile.ZIP_DEFLATED)
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    record.append(f"{path},sha256={digest},{len(data)}\n")


def _version():
    return re.search(r"project\(kraft\s+VERSION ([0-9.]+)", (SOURCE / "CMakeLists.txt").read_text())[1]


def _info():
    return f"kraft-{_version()}.dist-info"


def _tag():
    python = f"cp{sys.version_info.major}{sys.version_info.minor}"
    platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
    return f"{python}-{python}-{platform}"


def _metadata(tag):
    """The files of dist-info but RECORD."""
    wheel = f"Wheel-Version: 1.0\nGenerator: kraft\nRoot-Is-Purelib: false\nTag: {tag}\n"
    return {
        f"{_info()}/METADATA": _metadata_text(),
        f"{_info()}/WHEEL": wheel,
        f"{_info()}/LICENSE": (SOURCE / "LICENSE").read_text(),
    }


def _metadata_text():
    project = tomllib.loads((SOURCE / "pyproject.toml").read_text())["project"]
    lines = [
        "Metadata-Version: 2.1",
        f"Name: {project['name']}",
        f"Version: {_version()}",
        f"Summary: {project['description']}",
        "License: MIT",
        f"License-File: {project['license']['file']}",
        f"Keywords: {','.join(project['keywords'])}",
        f"Requires-Python: {project['requires-python']}",
        *(f"Classifier: {classifier}" for classifier in project["classifiers"]),
        *(f"Requires-Dist: {package}" for package in project["dependencies"]),
        "Description-Content-Type: text/markdown",
    ]
    return "\n".join(lines) + "\n\n" + (SOURCE / project["readme"]).read_text()
