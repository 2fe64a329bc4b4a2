"""Why a file or a row is quarantined, in every domain: the words of Lambda, jobs, metrics, docs and runbook.

A contract may declare further reasons of rows, for the rules of its own.
"""

from __future__ import annotations

from enum import StrEnum


class FileReason(StrEnum):
    """A file is quarantined as a whole because none of it can be trusted."""

    UNKNOWN_DATASET = "unknown_dataset"
    EMPTY_FILE = "empty_file"
    CORRUPT_GZIP = "corrupt_gzip"
    NESTED_COMPRESSION = "nested_compression"
    DECOMPRESSION_BOMB = "decompression_bomb"
    NOT_TEXT = "not_text"
    UNPARSABLE = "unparsable"
    CORRUPT_PARQUET = "corrupt_parquet"
    TOO_LARGE = "too_large"
    RECORD_TOO_LARGE = "record_too_large"
    NO_KNOWN_COLUMN = "no_known_column"
    TOO_MANY_UNREADABLE = "too_many_unreadable"
    FORMAT_NOT_ACCEPTED = "format_not_accepted"
    EXTERNAL_ENTITY = "external_entity"
    OBJECT_GONE = "object_gone"


class RowReason(StrEnum):
    """A row is quarantined; every reason that applies is listed."""

    CORRUPT_RECORD = "corrupt_record"
    MISSING_KEY = "missing_key"
    MISSING_TIMESTAMP = "missing_timestamp"
    IMPOSSIBLE_TIMESTAMP = "impossible_timestamp"
    INVALID_TYPE = "invalid_type"
    INVALID_VALUE = "invalid_value"
    MISSING_VALUE = "missing_value"
    NOT_COMPUTABLE = "not_computable"
    SCHEMA_MISMATCH = "schema_mismatch"


FILE_HELP: dict[FileReason, str] = {
    FileReason.UNKNOWN_DATASET: (
        "The key is not under <domain>/<dataset>/ of any contract. Move the file, or add the dataset's"
        " contract."
    ),
    FileReason.EMPTY_FILE: "The file holds no record. Ask the producer, or ignore it.",
    FileReason.CORRUPT_GZIP: (
        "The gzip stream is truncated, fails its checksum or has rubbish behind it. Have it sent again."
    ),
    FileReason.NESTED_COMPRESSION: "A gzip inside a gzip. Compress once.",
    FileReason.DECOMPRESSION_BOMB: (
        "The file expands beyond the allowed ratio, size or depth. Split it, or raise the limit."
    ),
    FileReason.NOT_TEXT: "Neither Parquet nor text in UTF-8, UTF-16 or an encoding that the contract names.",
    FileReason.UNPARSABLE: "The text is no complete JSON, JSON lines, XML or delimited table.",
    FileReason.CORRUPT_PARQUET: (
        "The Parquet footer or a data page cannot be read. Have the producer send it again."
    ),
    FileReason.TOO_LARGE: "The file is too large even for the bronze job. Split it.",
    FileReason.RECORD_TOO_LARGE: "One record is longer than the allowed length.",
    FileReason.NO_KNOWN_COLUMN: (
        "No column of the file is in the contract. Wrong folder, or aliases are missing in the contract."
    ),
    FileReason.TOO_MANY_UNREADABLE: "More records are unreadable than the contract's threshold allows.",
    FileReason.FORMAT_NOT_ACCEPTED: "The content is of a format that the contract does not list.",
    FileReason.EXTERNAL_ENTITY: (
        "The XML refers to another file. Have it sent complete, without external or parameter entities."
    ),
    FileReason.OBJECT_GONE: "The object was deleted or expired before it could be read.",
}

ROW_HELP: dict[RowReason, str] = {
    RowReason.CORRUPT_RECORD: "The line or row could not be read at all; its text is kept.",
    RowReason.MISSING_KEY: "A column of the primary key is empty.",
    RowReason.MISSING_TIMESTAMP: "The column that gives the event date is empty.",
    RowReason.IMPOSSIBLE_TIMESTAMP: "A time before 2000-01-01 or more than one day after ingestion.",
    RowReason.INVALID_TYPE: "A value does not have its column's type; `columns` names the columns.",
    RowReason.INVALID_VALUE: "A value outside the contract's rules; `columns` names the columns.",
    RowReason.MISSING_VALUE: (
        "A required column is empty; `columns` names it. Have the producer send it, or take `required` away."
    ),
    RowReason.NOT_COMPUTABLE: (
        "The contract's SQL of a rule or a derived column fails on the row, as a division by zero does;"
        " `columns` names the columns. Correct the SQL (try_divide, try_cast), or have the values corrected."
    ),
    RowReason.SCHEMA_MISMATCH: "The record has no column that the contract knows.",
}
