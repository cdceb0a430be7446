"""Errors, named by what happens next. An expected failure (a 404, a broken document) is a value, not an error."""

from __future__ import annotations


class DatelineError(Exception):
    """Something that stops a step of the work. The text is one line that a person can act on."""


class Retry(DatelineError):
    """Nothing happened and nothing is lost: the same call may succeed later (the broker is away)."""


class Unknown(DatelineError):
    """It may have happened or not (the answer to a commit was lost). Open again, restore, and go on from that."""


class Reject(DatelineError):
    """This one piece of work can never succeed (a record the ledger will not take); the others go on.

    Nothing of the call that raised it was written.
    """

    def __init__(self, message: str, *, feed_id: str) -> None:
        super().__init__(message)
        self.feed_id = feed_id


class Stop(DatelineError):
    """Going on would be wrong (another worker owns the ledger, the configuration is impossible): end with exit 1."""


class Invalid(DatelineError, ValueError):
    """No valid message can be made of an entry. It becomes a dead letter, and its neighbours go on.

    `field` is the field of the message that is wrong, as "media[].length_bytes", or "message" where it is no single
    one; `rule` is what it breaks: a keyword of the schema, `span`, `max_event_bytes`, or `value` where a value could
    not be made at all.
    """

    def __init__(self, message: str, *, field: str, rule: str) -> None:
        super().__init__(message)
        self.field = field
        self.rule = rule
