"""The S3 I/O of ingestion.

Content is copied by S3 itself, never rewritten, unless bronze keeps something made of it, or it comes out of
a zip.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared.ledger.model import FileId, LedgerFile, explanation
from shared.zones import reason_key

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Not allowed: the version is a delete marker.
MISSING = ("NoSuchKey", "NoSuchVersion", "MethodNotAllowed", "404", "405")
REWRITTEN = "lake-rewritten"  # metadata of an object that an erasure wrote
# One request up to 1 GB (S3: up to 5), larger objects in parts, of which S3 takes 10,000.
COPY: dict[str, Any] = {
    "multipart_threshold": 1 << 30,
    "multipart_chunksize": 256 << 20,
    "max_concurrency": 8,
}


@dataclass(frozen=True)
class Opened:
    """An object version being read. `written_at`: its time in S3, which has whole seconds; None for a file
    in a zip, which is as late as the zip. `rewritten`: it says that an erasure wrote it, which the ledger
    must know.
    """

    body: Any
    size: int
    written_at: dt.datetime | None = None
    rewritten: bool = False


class Store:
    """Reads objects and copies them to where they belong.

    `s3` is a boto3 S3 client, `copying` its TransferConfig(**COPY).
    """

    def __init__(self, s3: S3Client, copying: Any) -> None:
        self._s3, self._copying = s3, copying

    @contextmanager
    def opened(self, file: FileId) -> Iterator[Opened | None]:
        """The object version as a stream, or None when it is gone."""
        try:
            response = self._s3.get_object(**_place(file))
        except self._s3.exceptions.ClientError as error:
            if error.response["Error"]["Code"] not in MISSING:
                raise
            yield None
            return
        try:
            rewritten = REWRITTEN in response["Metadata"]
            yield Opened(
                response["Body"], int(response["ContentLength"]), response["LastModified"], rewritten
            )
        finally:
            response["Body"].close()  # what was not read would block the connection for the next file

    def copy(self, file: FileId, bucket: str, key: str, size: int | None = None) -> None:
        """Server-side copy, in parts when the object is large. `size`: its bytes, where they are known: then
        nobody asks S3 for them, nor starts threads for a small one.
        """
        if size is not None and size < self._copying.multipart_threshold:
            self._s3.copy_object(CopySource=_place(file), Bucket=bucket, Key=key)
        else:
            self._s3.copy(_place(file), bucket, key, Config=self._copying)

    def put(self, file: Path, bucket: str, key: str) -> None:
        """Uploads what replaces an object, or is a file of a zip, in parts when it is large."""
        self._s3.upload_file(str(file), bucket, key, Config=self._copying)

    def remove(self, file: FileId) -> None:
        """Removes this version of an object; one that is gone already is no error."""
        self._s3.delete_object(**_place(file))

    def explain(self, outcome: LedgerFile) -> None:
        """Writes why a file was quarantined beside the file."""
        key = reason_key(outcome.target_key or "")
        self._s3.put_object(
            Bucket=outcome.target_bucket or "",
            Key=key,
            Body=explanation(outcome),
            ContentType="application/json",
        )


def _place(file: FileId) -> Any:  # of several calls, whose types name it differently
    versioned = {} if file.version in ("null", file.sequencer) else {"VersionId": file.version}
    return {"Bucket": file.bucket, "Key": file.key, **versioned}
