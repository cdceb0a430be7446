"""The AsyncAPI document as AsyncAPI's own parser sees it: an npm package, locked in tools/asyncapi."""

from __future__ import annotations

import os
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]
TOOL = ROOT / "tools" / "asyncapi"
SCHEMAS = ROOT / "schemas"
MISTAKES = {
    "action.yaml": ("action: send", "action: shout"),
    "binding.yaml": ("bindingVersion: 0.5.0", "bindingVersion: 9.5.0"),
    "reference.yaml": ("#/components/messages/deadLetter", "#/components/messages/lost"),
    "schema.yaml": ("$ref: ./article.v1.schema.json", "$ref: ./article.v9.schema.json"),
}


@pytest.fixture(scope="module")
def parser(request: pytest.FixtureRequest) -> Mapping[str, str]:
    """The environment in which the parser runs. It is fetched once for each lock file."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("needs node and npm: apt-get install nodejs npm")
    lock = sha256((TOOL / "package-lock.json").read_bytes()).hexdigest()[:12]
    folder = request.config.cache.mkdir("asyncapi") / lock
    if not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for name in ("package.json", "package-lock.json"):
            shutil.copy(TOOL / name, folder)
        install = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        fetched = subprocess.run(install, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
        assert fetched.returncode == 0, fetched.stderr
        (folder / "complete").touch()
    return {**os.environ, "NODE_PATH": str(folder / "node_modules")}


def test_asyncapis_own_parser_accepts_the_document_and_finds_each_mistake_made_in_it(
    parser: Mapping[str, str], tmp_path: Path
) -> None:
    for path in SCHEMAS.glob("*.json"):
        shutil.copy(path, tmp_path)
    text = (SCHEMAS / "asyncapi.yaml").read_text(encoding="utf-8")
    documents = [SCHEMAS / "asyncapi.yaml"]
    for name, (right, wrong) in MISTAKES.items():
        assert right in text
        documents.append(tmp_path / name)
        documents[-1].write_text(text.replace(right, wrong, 1), encoding="utf-8")

    command = ["node", str(TOOL / "check.cjs"), *map(str, documents)]
    result = subprocess.run(command, env=parser, capture_output=True, text=True, timeout=120, check=False)

    assert (result.returncode, result.stderr) == (1, "")
    good, *others = result.stdout.splitlines()
    assert good == f"asyncapi.yaml: good: {text.count('    address: ')} channels"
    assert {line.partition(":")[0] for line in others} == set(MISTAKES)
    assert not any(": good: " in line for line in others)
