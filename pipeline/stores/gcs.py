"""gs://, by google-cloud-storage."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final

from apache_beam.io.gcp.gcsio import create_storage_client
from apache_beam.options.pipeline_options import GoogleCloudOptions
from google.api_core.exceptions import (
    Forbidden,
    GoogleAPICallError,
    NotFound,
    PreconditionFailed,
    RequestRangeNotSatisfiable,
)
from google.auth.exceptions import GoogleAuthError, TransportError
from google.cloud.storage.exceptions import DataCorruption
from requests.exceptions import RequestException
from urllib3.exceptions import HTTPError

from pipeline.failures import unusable
from pipeline.stores.store import Found, Listed, Unavailable

# One try, and a minute without a byte; `Store` tries again.
ONCE: Final = {"retry": None, "timeout": (10, 60)}
ANSWERS_TO_TRY_AGAIN: Final = (408, 429)


class Gcs:
    """See `Client`."""

    def __init__(self, options: Any) -> None:
        anonymous = options.view_as(GoogleCloudOptions).no_auth
        self._client = create_storage_client(options, use_credentials=not anonymous)

    def page(self, bucket: str, prefix: str, token: str | None) -> Listed:
        """See `Client.page`."""
        with _translated(bucket, prefix, of_bucket=True):
            listed = self._client.list_blobs(bucket, prefix=prefix, page_token=token, **ONCE)
            found = [_found(blob) for blob in next(listed.pages, ())]
        return found, listed.next_page_token

    def stat(self, bucket: str, name: str) -> Found:
        """See `Client.stat`."""
        with _translated(bucket, name):
            blob = self._blob(bucket, name)
            blob.reload(**ONCE)
        return _found(blob)

    def read(self, bucket: str, name: str, start: int, end: int | None) -> bytes:
        """See `Client.read`."""
        first, last = (None, None) if (start, end) == (0, None) else (start, None if end is None else end - 1)
        with _translated(bucket, name):
            blob = self._blob(bucket, name)
            try:
                content: bytes = blob.download_as_bytes(start=first, end=last, raw_download=True, **ONCE)
            except RequestRangeNotSatisfiable:  # an object without bytes has not even the first
                return b""
        return content

    def download(self, bucket: str, name: str, file: BinaryIO) -> None:
        """See `Client.download`."""
        with _translated(bucket, name):
            self._blob(bucket, name).download_to_file(file, raw_download=True, **ONCE)

    def write(self, bucket: str, name: str, content: bytes, new: bool) -> None:
        """See `Client.write`."""
        condition = {"if_generation_match": 0} if new else {}
        with _translated(bucket, name, of_bucket=True):
            self._blob(bucket, name).upload_from_string(content, "application/octet-stream", **condition, **ONCE)

    def upload(self, bucket: str, name: str, path: Path) -> None:
        """See `Client.upload`."""
        with _translated(bucket, name, of_bucket=True):
            self._blob(bucket, name).upload_from_filename(str(path), "application/octet-stream", **ONCE)

    def delete(self, bucket: str, name: str) -> None:
        """See `Client.delete`."""
        with _translated(bucket, name):
            self._blob(bucket, name).delete(**ONCE)

    def _blob(self, bucket: str, name: str) -> Any:
        return self._client.bucket(bucket).blob(name)


def _found(blob: Any) -> Found:
    return Found(blob.name, blob.size, blob.updated.timestamp())


@contextmanager
def _translated(bucket: str, name: str, of_bucket: bool = False) -> Iterator[None]:
    """What google-cloud-storage raises, as `Client` has it. `of_bucket`: what is not found is the bucket."""
    path = f"gs://{bucket}/{name}"
    try:
        yield
    except NotFound as error:
        if of_bucket:
            raise unusable(f"gs://{bucket}", "there is no such bucket") from error
        raise FileNotFoundError(errno.ENOENT, "no such object", path) from error
    except PreconditionFailed as error:
        raise FileExistsError(errno.EEXIST, "the object is there already", path) from error
    except Forbidden as error:
        raise PermissionError(errno.EACCES, "access denied", path) from error
    except (
        RequestException,
        HTTPError,
        TransportError,
        DataCorruption,
    ) as error:  # HTTPError: a raw download broke off
        raise Unavailable(error) from error
    except GoogleAPICallError as error:
        if (error.code or 500) >= 500 or error.code in ANSWERS_TO_TRY_AGAIN:
            raise Unavailable(error) from error
        raise unusable(f"gs://{bucket}", error) from error
    except GoogleAuthError as error:
        raise unusable(f"gs://{bucket}", error) from error
