"""The image without docker: the steps of its Dockerfile, run one by one in a folder that stands for its root."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "deploy/Dockerfile"
USER = 10_001

_FOLDERS = re.compile(r"(?<![\w.])(?=/(?:opt|src|wheels|data)\b)")
_SYSTEM = "/usr/bin:/bin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage of a Dockerfile: its instructions in order."""

    steps: list[tuple[str, str]] = field(default_factory=list)

    def values(self, instruction: str) -> list[str]:
        return [value for name, value in self.steps if name == instruction]


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """What the Dockerfile makes. `user` are the arguments of subprocess that make us the image's user, where we may."""

    root: Path
    environ: dict[str, str]
    user: dict[str, Any]

    @property
    def packages(self) -> Path:
        return next((self.root / "opt/dateline/lib").glob("python3.*/site-packages"))

    def run(self, *command: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """A command as the image's user runs it."""
        return subprocess.run(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
            cwd=self.root / "data",
            env={**self.environ, **environ},
            **self.user,
        )


def stages() -> list[Stage]:
    """The stages of the Dockerfile."""
    text = re.sub(r"(?m)^\s*#.*\n", "", DOCKERFILE.read_text()).replace("\\\n", " ")
    found: list[Stage] = []
    for line in text.splitlines():
        instruction, _, value = line.strip().partition(" ")
        if instruction == "FROM":
            found.append(Stage())
        elif instruction and found:
            found[-1].steps.append((instruction, " ".join(value.split())))
    return found


def build(folder: Path) -> Image:
    """Run the steps that build, and make the outcome read-only but for /data. Nobody else may own the folder."""
    root, tools = folder / "root", folder / "bin"
    (root / "opt").mkdir(parents=True)
    tools.mkdir()
    python, user = _interpreter()
    (tools / "python").symlink_to(python)
    # The pip of the base image, which is not in the environment that it fills.
    subprocess.run([sys.executable, "-m", "venv", folder / "base"], check=True)
    (tools / "pip").symlink_to(folder / "base/bin/pip")
    building, running = stages()
    _run_steps(building, root=root, path=f"{tools}:{_SYSTEM}")

    (root / "data").mkdir()
    if user:
        os.chown(root / "data", USER, USER)
    subprocess.run(["chmod", "-R", "a-w,a+rX", root / "opt"], check=True)
    environ = {
        name: _placed(value, root).replace("$PATH", _SYSTEM)
        for name, value in re.findall(r"(\w+)=(\S+)", running.values("ENV")[0])
    }
    return Image(root=root, environ={**environ, "LANG": "C.UTF-8"}, user=user)


def _run_steps(stage: Stage, *, root: Path, path: str) -> None:
    here, arguments = root, {}
    for instruction, value in stage.steps:
        if instruction == "WORKDIR":
            here = Path(_placed(value, root))
            here.mkdir(parents=True)
        elif instruction == "COPY":
            *sources, target = shlex.split(value)
            _copy(sources, here / target)
        elif instruction == "ARG":
            name, _, default = value.partition("=")
            arguments[name] = default
        else:
            assert instruction == "RUN", instruction
            done = subprocess.run(
                ["sh", "-e", "-c", _placed(value, root)],
                cwd=here,
                env={**_pip_environ(), **arguments, "PATH": path},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            assert done.returncode == 0, f"{value}\n{done.stdout}"


def _interpreter() -> tuple[str, dict[str, Any]]:
    """An interpreter for the image, and the user to run it as: another one, if we may and it can reach the former."""
    if os.getuid() != 0:
        return sys.executable, {}
    user: dict[str, Any] = {"user": USER, "group": USER, "extra_groups": ()}
    for python in (sys._base_executable, "/usr/bin/python3"):  # type: ignore[attr-defined]  # not declared there
        asking = [python, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
        try:
            if subprocess.run(asking, check=False, cwd="/", **user).returncode == 0:
                return python, user
        except OSError:
            continue
    return sys.executable, {}


def _placed(text: str, root: Path) -> str:
    """A text of the Dockerfile with its paths in the folder."""
    return _FOLDERS.sub(str(root), text)


def _copy(sources: list[str], target: Path) -> None:
    for source in sources:
        path = ROOT / source
        if path.is_dir():
            shutil.copytree(path, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            target.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)


def _pip_environ() -> dict[str, str]:
    """What pip needs to find this machine's package index."""
    return {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "HTTP", "HOME"))}
