"""What is loaded before the first poll."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import sys
from datetime import UTC, datetime
from worker.model.feed import Feed
from worker.model.fetch import Response
from worker.pipeline import Limits, first_state, process
from worker.pipeline.prepare import prepare

prepare()
opened = []
sys.addaudithook(lambda event, details: opened.append(str(details[0])) if event == "open" else None)
body = (
    b"<rss version='2.0'><channel><item><title>T</title><pubDate>Sat, 24 May 2025 10:00:00 GMT</pubDate><description>"
    b"&lt;p>KYIV, May 24 (AP) - 'It is over,' President Jan Novak told reporters in Prague on Friday; 12 ministers of "
    b"the World Health Organization agreed to talks.&lt;/p></description></item></channel></rss>"
)
feed = Feed(
    id="f", url="https://f.example/", shard_key="f", interval_seconds=9, min_interval_seconds=9, max_interval_seconds=9
)
now = datetime(2025, 5, 24, tzinfo=UTC)
answer = Response(url=feed.url, status=200, body=body, retrieved_at=now)
batch = process(feed, first_state(feed), answer, now=now, limits=Limits(max_body_bytes=10_000, max_event_bytes=100_000))
assert len(batch.events) == 1
print([path for path in opened if "worker" in path and not path.endswith((".py", ".pyc"))])
"""


def test_no_lexicon_is_read_during_a_poll_once_all_is_prepared() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.strip() == "[]"
