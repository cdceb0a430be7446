"""compose.yaml and the Kubernetes manifests, as far as they can be judged without a container."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from worker.config import load

_DEPLOY = Path(__file__).parents[2] / "deploy"
_BASE = _DEPLOY / "kubernetes/base"
_COMPOSE: dict[str, Any] = yaml.safe_load((_DEPLOY / "compose.yaml").read_text())
_POD: dict[str, Any] = yaml.safe_load((_BASE / "statefulset.yaml").read_text())["spec"]["template"]["spec"]
_WORKER: dict[str, Any] = _POD["containers"][0]
_CONFIGURATIONS = ("compose/dateline.yaml", "kubernetes/base/dateline.yaml", "kubernetes/example/dateline.yaml")


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """The environment of a pod, whose password is somewhere else here."""
    password = tmp_path / "kafka-password"
    password.write_text("made up\n")
    return {
        "DATELINE_KAFKA__SECURITY__PASSWORD_FILE": str(password),
        "DATELINE_KAFKA__INSTANCE": "dateline-0",
        "DATELINE_LISTEN": "0.0.0.0:9108",
    }


@pytest.mark.parametrize("name", _CONFIGURATIONS)
def test_each_configuration_is_good_and_publishes_to_kafka(name: str, environ: dict[str, str]):
    if name.startswith("compose"):
        del environ["DATELINE_KAFKA__SECURITY__PASSWORD_FILE"]

    config = load(_DEPLOY / name, environ)

    assert config.kafka is not None
    assert config.feeds


def test_whoever_stops_a_worker_leaves_it_time_to_commit(environ: dict[str, str]):
    drain_seconds = load(_BASE / "dateline.yaml", environ).drain_timeout_seconds
    unit = (_DEPLOY / "systemd/dateline.service").read_text()
    unit_seconds = re.search(r"(?m)^TimeoutStopSec=(\d+)s$", unit)
    assert unit_seconds is not None

    # The ledger's last commit and its leave come after the drain.
    assert drain_seconds + 20 <= _POD["terminationGracePeriodSeconds"]
    assert drain_seconds + 20 <= int(_COMPOSE["services"]["worker"]["stop_grace_period"].removesuffix("s"))
    assert drain_seconds + 20 <= int(unit_seconds[1])


def test_a_pod_has_as_many_readers_as_processors_and_room_for_them(environ: dict[str, str]):
    fetch = load(_BASE / "dateline.yaml", environ).fetch
    limits = _WORKER["resources"]["limits"]

    assert fetch.children == int(limits["cpu"])
    assert limits["memory"] == "2Gi"
    assert fetch.children * fetch.parse_memory_bytes <= 1024 * 2**20


def test_a_pod_has_no_rights_that_it_does_not_need():
    assert _WORKER["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert _POD["securityContext"]["runAsNonRoot"] is True
    assert _POD["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert _POD["automountServiceAccountToken"] is False


def test_kubernetes_sets_no_settings_of_the_worker_by_accident():
    assert _POD["enableServiceLinks"] is False


def test_a_worker_that_comes_again_has_the_place_among_the_others_that_it_had():
    instance = {variable["name"]: variable for variable in _WORKER["env"]}["DATELINE_KAFKA__INSTANCE"]

    assert instance["valueFrom"] == {"fieldRef": {"fieldPath": "metadata.name"}}
    assert _COMPOSE["services"]["worker"]["environment"]["DATELINE_KAFKA__INSTANCE"] == "worker"


def test_the_probes_ask_what_the_worker_answers():
    asked = {kind: _WORKER[kind]["httpGet"]["path"] for kind in ("startupProbe", "livenessProbe", "readinessProbe")}

    assert asked == {"startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"}
    assert {_WORKER[kind]["httpGet"]["port"] for kind in asked} == {"http"}
    assert _WORKER["ports"] == [{"name": "http", "containerPort": 9108}]


def test_a_changed_config_map_reaches_the_running_worker():
    """A file that is mounted by subPath never changes, and another name of the ConfigMap would start the pods anew."""
    kustomization = yaml.safe_load((_BASE / "kustomization.yaml").read_text())
    mounts = {mount["name"]: mount for mount in _WORKER["volumeMounts"]}
    volumes = {volume["name"]: volume for volume in _POD["volumes"]}

    assert volumes["config"]["configMap"] == {"name": kustomization["configMapGenerator"][0]["name"]}
    assert mounts["config"]["mountPath"] == "/etc/dateline"
    assert not any("subPath" in mount for mount in mounts.values())
    assert kustomization["generatorOptions"] == {"disableNameSuffixHash": True}


def test_each_manifest_is_part_of_its_kustomization():
    for folder in _DEPLOY.glob("kubernetes/*"):
        kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text())
        named = {*kustomization["resources"], "kustomization.yaml"}
        named.update(file for maps in kustomization.get("configMapGenerator", ()) for file in maps["files"])
        assert {path.name for path in folder.iterdir()} == {name for name in named if not name.startswith("..")}


def test_each_selector_finds_the_pods():
    label = {"app.kubernetes.io/name": "dateline"}
    manifests = {path.stem: yaml.safe_load(path.read_text()) for path in _DEPLOY.glob("kubernetes/*/*.yaml")}

    assert manifests["statefulset"]["spec"]["selector"] == {"matchLabels": label}
    assert manifests["poddisruptionbudget"]["spec"]["selector"] == {"matchLabels": label}
    assert manifests["networkpolicy"]["spec"]["podSelector"] == {"matchLabels": label}
    assert manifests["servicemonitor"]["spec"]["selector"] == {"matchLabels": label}
    assert manifests["service"]["spec"]["selector"] == label
    assert yaml.safe_load((_BASE / "kustomization.yaml").read_text())["labels"] == [
        {"pairs": label, "includeTemplates": True}
    ]


def test_each_service_of_compose_is_pinned_watched_and_started_again():
    for name, service in _COMPOSE["services"].items():
        assert re.fullmatch(r"[\w./-]+:v?\d+\.\d+\.\d+", service["image"]), name
        assert service["restart"] == "unless-stopped", name
        # The worker's is in its image.
        assert name == "worker" or service["healthcheck"]["test"][0] == "CMD", name
        for port in service["ports"]:
            assert port.startswith("127.0.0.1:"), f"{name} is open to the network at {port}"


def test_each_file_and_volume_that_compose_mounts_is_there():
    for service in _COMPOSE["services"].values():
        for mount in service["volumes"]:
            source = mount.split(":")[0]
            assert (_DEPLOY / source).is_dir() if source.startswith("./") else source in _COMPOSE["volumes"], mount


def test_the_worker_of_compose_has_a_read_only_root_and_no_capabilities():
    worker = _COMPOSE["services"]["worker"]

    assert worker["read_only"] is True
    assert worker["cap_drop"] == ["ALL"]
    assert worker["security_opt"] == ["no-new-privileges:true"]
