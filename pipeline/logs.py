"""Structured logs: one JSON object a line on standard error, for journald, Loki, Cloud Logging and their like.

Every line has `time` (UTC, RFC 3339), `severity` (DEBUG, INFO, WARNING, ERROR or CRITICAL: the key that Cloud Logging
wants and Loki knows), `message`, a sentence for people, and `logger`. Those of Inkbeam itself have `event`, and the
event's own fields beside it. `stack_trace` comes with errors that nobody expected.
"""

import json
import logging
from datetime import UTC, datetime
from typing import Any, Final

LOG: Final = logging.getLogger("inkbeam")


class JsonFormatter(logging.Formatter):
    """Records as JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "severity": record.levelname,
            "message": record.getMessage(),
            "logger": record.name,
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["stack_trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def log_as_json(verbose: bool = False) -> None:
    """From now on all that is logged in this process, and Python's warnings, goes to standard error as JSON."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING, handlers=[handler], force=True)
    logging.captureWarnings(True)
    LOG.setLevel(logging.INFO)


def log_error(message: str, exit_code: int, error: BaseException, traced: bool) -> None:
    """Log what ended a command, whether or not logs are JSON already; with its traceback if it is to be `traced`."""
    log_as_json()
    fields = {"event": "error", "error": type(error).__name__, "exit_code": int(exit_code)}
    LOG.error(message, extra={"fields": fields}, exc_info=error if traced else None)


def is_json() -> bool:
    """Whether logs are JSON, so that nothing else may be written among them."""
    return any(isinstance(handler.formatter, JsonFormatter) for handler in logging.getLogger().handlers)


def event(name: str, message: str, severity: int = logging.INFO, **fields: Any) -> None:
    """Log what happened: a name for programs, a sentence for people, and figures."""
    LOG.log(severity, message, extra={"fields": {"event": name, **fields}})
