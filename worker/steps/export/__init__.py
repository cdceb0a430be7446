"""Messages in the formats of others. Pure: a message goes in, the target's lines come out.

docs/consuming.md lists what each target has no place for.
"""

from worker.steps.export.gkg import COLUMNS as GKG_COLUMNS, gkg
from worker.steps.export.jsonld import jsonld
from worker.steps.export.ninjs import ninjs
from worker.steps.export.plover import plover

__all__ = ["GKG_COLUMNS", "gkg", "jsonld", "ninjs", "plover"]
