"""s3://, by boto3."""

import errno
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final

from apache_beam.options.pipeline_options import S3Options
from boto3.s3.transfer import TransferConfig
from boto3.session import Session
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    FlexibleChecksumError,
    HTTPClientError,
    IncompleteReadError,
)

from pipeline.failures import unusable
from pipeline.stores.store import Found, Listed, Unavailable

PIECE: Final = 1 << 20
# In this thread, since Beam brings its own; larger files go up in parts, which are thrown away where one of them fails.
TRANSFER: Final = TransferConfig(use_threads=False, multipart_threshold=1 << 26, multipart_chunksize=1 << 26)
CONFIG: Final = Config(connect_timeout=10, read_timeout=60, retries={"total_max_attempts": 1})
COME_AGAIN: Final = frozenset({"SlowDown", "RequestTimeout", "Throttling", "RequestLimitExceeded"})
MISSING: Final = frozenset({"NoSuchKey", "404"})
EXISTS: Final = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})


class S3:
    """See `Client`."""

    def __init__(self, options: Any) -> None:
        own = options.view_as(S3Options)
        self._client = Session().client(
            "s3",
            region_name=own.s3_region_name,
            api_version=own.s3_api_version,
            use_ssl=not own.s3_disable_ssl,
            verify=own.s3_verify,
            endpoint_url=own.s3_endpoint_url,
            aws_access_key_id=own.s3_access_key_id,
            aws_secret_access_key=own.s3_secret_access_key,
            aws_session_token=own.s3_session_token,
            config=CONFIG,
        )

    def page(self, bucket: str, prefix: str, token: str | None) -> Listed:
        """See `Client.page`."""
        after = {} if token is None else {"ContinuationToken": token}
        with _translated(bucket, prefix):
            answer = self._client.list_objects_v2(Bucket=bucket, Prefix=prefix, **after)
        found = [
            Found(each["Key"], each["Size"], each["LastModified"].timestamp()) for each in answer.get("Contents", ())
        ]
        return found, answer.get("NextContinuationToken")

    def stat(self, bucket: str, name: str) -> Found:
        """See `Client.stat`."""
        with _translated(bucket, name):
            answer = self._client.head_object(Bucket=bucket, Key=name)
        return Found(name, answer["ContentLength"], answer["LastModified"].timestamp())

    def read(self, bucket: str, name: str, start: int, end: int | None) -> bytes:
        """See `Client.read`."""
        span = {} if (start, end) == (0, None) else {"Range": f"bytes={start}-{'' if end is None else end - 1}"}
        with _translated(bucket, name):
            try:
                with closing(self._body(bucket, name, **span)) as body:
                    content: bytes = body.read()
            except ClientError as error:
                if error.response["Error"]["Code"] == "InvalidRange":  # an object without bytes has not even the first
                    return b""
                raise
        return content

    def download(self, bucket: str, name: str, file: BinaryIO) -> None:
        """See `Client.download`."""
        with _translated(bucket, name), closing(self._body(bucket, name)) as body:
            for piece in body.iter_chunks(PIECE):
                file.write(piece)

    def write(self, bucket: str, name: str, content: bytes, new: bool) -> None:
        """See `Client.write`."""
        condition = {"IfNoneMatch": "*"} if new else {}
        with _translated(bucket, name):
            self._client.put_object(Bucket=bucket, Key=name, Body=content, **condition)

    def upload(self, bucket: str, name: str, path: Path) -> None:
        """See `Client.upload`."""
        with _translated(bucket, name):
            self._client.upload_file(str(path), bucket, name, Config=TRANSFER)

    def delete(self, bucket: str, name: str) -> None:
        """See `Client.delete`."""
        with _translated(bucket, name):
            self._client.delete_object(Bucket=bucket, Key=name)

    def _body(self, bucket: str, name: str, **span: str) -> Any:
        return self._client.get_object(Bucket=bucket, Key=name, **span)["Body"]


@contextmanager
def _translated(bucket: str, name: str) -> Iterator[None]:
    """What boto3 raises, as `Client` has it."""
    try:
        yield
    except ClientError as error:
        raise _said(error, f"s3://{bucket}", name) from error
    except (ConnectionError, HTTPClientError, IncompleteReadError, FlexibleChecksumError) as error:
        raise Unavailable(error) from error
    except BotoCoreError as error:  # no credentials, no such region, a name that cannot be a bucket's
        raise unusable(f"s3://{bucket}", error) from error


def _said(error: ClientError, bucket: str, name: str) -> Exception:
    code, status = error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
    path = f"{bucket}/{name}"
    if status >= 500 or status == 429 or code in COME_AGAIN:
        return Unavailable(error)
    if code in MISSING:
        return FileNotFoundError(errno.ENOENT, "no such object", path)
    if code in EXISTS:
        return FileExistsError(errno.EEXIST, "the object is there already", path)
    if code in ("AccessDenied", "403"):
        return PermissionError(errno.EACCES, "access denied", path)
    return unusable(bucket, error)
