"""A schema registry for tests, as Confluent documents its API: registering and looking up, with or without GUIDs."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote
from uuid import NAMESPACE_URL, UUID, uuid5

from werkzeug import Response

if TYPE_CHECKING:
    from pytest_httpserver import HTTPServer
    from werkzeug import Request

MEDIA_TYPE = "application/vnd.schemaregistry.v1+json"
_SUBJECTS = re.compile(r"/subjects/[^/]+(/versions)?")


class RegistryServer:
    """`subjects` are the schemas by subject, in order; ids count the different schemas from 41."""

    def __init__(self, server: HTTPServer, *, gives_guids: bool = True) -> None:
        self.url = server.url_for("").rstrip("/")
        self.subjects: dict[str, list[str]] = {}
        self.asked: list[str] = []
        self.logins: list[str | None] = []
        self._gives_guids = gives_guids
        server.expect_request(_SUBJECTS, method="POST").respond_with_handler(self._answer)

    def _answer(self, request: Request) -> Response:
        self.asked.append(request.path)
        self.logins.append(request.headers.get("Authorization"))
        body = request.get_json(force=True)
        assert request.content_type == MEDIA_TYPE
        assert body["schemaType"] == "JSON"
        _, _, subject, *versions = unquote(request.path).split("/")
        known = self.subjects.setdefault(subject, []) if versions else self.subjects.get(subject, [])
        if versions and body["schema"] not in known:
            known.append(body["schema"])
        if not known:
            return _json({"error_code": 40401, "message": f"Subject '{subject}' not found."}, 404)
        if body["schema"] not in known:
            return _json({"error_code": 40403, "message": "Schema not found"}, 404)
        every = list(dict.fromkeys(schema for schemas in self.subjects.values() for schema in schemas))
        found: dict[str, Any] = {"id": 41 + every.index(body["schema"])}
        if self._gives_guids:
            found["guid"] = str(guid_of(body["schema"]))
        return _json(found, 200)


def guid_of(schema: str) -> UUID:
    """What `RegistryServer` calls a schema."""
    return uuid5(NAMESPACE_URL, schema)


def _json(body: dict[str, Any], status: int) -> Response:
    return Response(json.dumps(body), status=status, content_type=MEDIA_TYPE)
