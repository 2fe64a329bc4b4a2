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
    CORRUPT_ARCHIVE = "corrupt_archive"
    CORRUPT_SPREADSHEET = "corrupt_spreadsheet"
    ENCRYPTED = "encrypted"
    UNKNOWN_SHEET = "unknown_sheet"
    AMBIGUOUS_HEADER = "ambiguous_header"
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
    OPERATION_MISSING = "operation_missing"
    NO_RECORDS = "no_records"
    REPEATED_COLUMN = "repeated_column"
    DATE_ORDER_CONTRADICTED = "date_order_contradicted"
    DECIMAL_MARK_CONTRADICTED = "decimal_mark_contradicted"
    NO_READABLE_DATE = "no_readable_date"
    NOT_LOADABLE = "not_loadable"
    ENDS_ITS_READER = "ends_its_reader"


class RowReason(StrEnum):
    """A row is quarantined; every reason that applies is listed."""

    CORRUPT_RECORD = "corrupt_record"
    MISSING_KEY = "missing_key"
    MISSING_TIMESTAMP = "missing_timestamp"
    IMPOSSIBLE_TIMESTAMP = "impossible_timestamp"
    INVALID_TYPE = "invalid_type"
    NONEXISTENT_LOCAL_TIME = "nonexistent_local_time"
    OUT_OF_RANGE = "out_of_range"
    INVALID_VALUE = "invalid_value"
    MISSING_VALUE = "missing_value"
    NOT_COMPUTABLE = "not_computable"
    SCHEMA_MISMATCH = "schema_mismatch"
    UNKNOWN_OPERATION = "unknown_operation"
    MISSING_ORDER = "missing_order"
    NESTED_VALUE = "nested_value"
    NUMBER_AS_TEXT = "number_as_text"
    INVALID_TEXT = "invalid_text"
    TOO_LONG = "too_long"


FILE_HELP: dict[FileReason, str] = {
    FileReason.UNKNOWN_DATASET: (
        "The key is not under <domain>/<dataset>/ of any contract. Move the file, or add the dataset's"
        " contract."
    ),
    FileReason.EMPTY_FILE: "The file holds no record. Ask the producer, or ignore it.",
    FileReason.CORRUPT_GZIP: (
        "The gzip stream is truncated, fails its checksum or has rubbish behind it. Have it sent again."
    ),
    FileReason.CORRUPT_ARCHIVE: "The zip, bzip2, xz or zstd is damaged or cut off. Have it sent again.",
    FileReason.CORRUPT_SPREADSHEET: (
        "The workbook cannot be opened. Open and save it once, then send it again."
    ),
    FileReason.ENCRYPTED: "The file is protected by a password. Have it sent without.",
    FileReason.UNKNOWN_SHEET: "The workbook has not the sheet to read. Name it in the contract: `sheet`.",
    FileReason.AMBIGUOUS_HEADER: (
        "It is not certain which line is the header. Name its line in the contract (`header`), or have the"
        " file sent with one header and no name twice."
    ),
    FileReason.NESTED_COMPRESSION: "Compressed twice, or a zip inside a zip. Compress once.",
    FileReason.DECOMPRESSION_BOMB: (
        "The file expands beyond the allowed ratio, size or depth. Split it, or raise the limit."
    ),
    FileReason.NOT_TEXT: (
        "Neither Parquet nor text in UTF-8, UTF-16 or an encoding that the contract names. Name the file's"
        " encoding in `encodings`, or have it sent as UTF-8."
    ),
    FileReason.UNPARSABLE: (
        "The text is no complete JSON, JSON lines, XML or delimited table, or a table has more columns than"
        " are read: the detail says which."
    ),
    FileReason.CORRUPT_PARQUET: (
        "The Parquet footer or a data page cannot be read. Have the producer send it again."
    ),
    FileReason.TOO_LARGE: "The file is too large even for the bronze job. Split it.",
    FileReason.RECORD_TOO_LARGE: "One record is longer than the allowed length.",
    FileReason.NO_KNOWN_COLUMN: (
        "No column of the file is in the contract. Wrong folder, or aliases are missing in the contract, or"
        " the header stands in another line (`header`)."
    ),
    FileReason.TOO_MANY_UNREADABLE: "More records are unreadable than the contract's threshold allows.",
    FileReason.FORMAT_NOT_ACCEPTED: (
        "The content is of a format that the contract does not list. Add it to `formats` if it is welcome."
    ),
    FileReason.EXTERNAL_ENTITY: (
        "The XML refers to another file. Have it sent complete, without external or parameter entities."
    ),
    FileReason.OBJECT_GONE: "The object was deleted or expired before it could be read.",
    FileReason.OPERATION_MISSING: (
        "No column says whether a record is an update or a delete. Have the producer send it, or correct the"
        " contract's `operation`."
    ),
    FileReason.NO_RECORDS: (
        "There is no list at the place where the contract says that the records are. Correct `records` or"
        " `explode` in the contract, or ask the producer."
    ),
    FileReason.REPEATED_COLUMN: (
        "Two columns have one name, so nobody can tell which is meant. Have one of them renamed."
    ),
    FileReason.DATE_ORDER_CONTRADICTED: (
        "Dates of a column do not fit the declared order of day and month, and all fit the other one: those"
        " that did fit were meant otherwise, too. Declare the other order in the column's `formats`, or give"
        " this source a dataset of its own."
    ),
    FileReason.DECIMAL_MARK_CONTRADICTED: (
        "Numbers of a column do not fit the declared marks, and all fit the other decimal mark. Declare the"
        " other `decimalMark` (and `groupMark`), or give this source a dataset of its own."
    ),
    FileReason.NO_READABLE_DATE: (
        "No record has an event date that can be read, or the key has none; the detail names the column and"
        " its formats. Add the spelling that the file has to the column's `formats`, correct `fromKey`, or"
        " say `undated: true` in the dataset."
    ),
    FileReason.NOT_LOADABLE: (
        "Ingestion accepted the file, but the job cannot read it or compute its rows, or counts other"
        " records; the others of the run were loaded. It is a bug of a reader: report it with the file, and"
        " replay after the fix."
    ),
    FileReason.ENDS_ITS_READER: (
        "Whoever read the file was ended by it: memory, time, or a crash of a library. Report it with the"
        " file, or split it; a replay reads it in a job, which has more memory."
    ),
}

ROW_HELP: dict[RowReason, str] = {
    RowReason.CORRUPT_RECORD: (
        "The line or row could not be read at all; its text is kept. A header or a total among the rows is"
        " one: `comment` and `footer` name lines that are no records. So is a line with a NUL character: have"
        " it sent without."
    ),
    RowReason.MISSING_KEY: "A column of the primary key is empty.",
    RowReason.MISSING_TIMESTAMP: "The column that gives the event date is empty.",
    RowReason.IMPOSSIBLE_TIMESTAMP: "The event time is more than one day after ingestion.",
    RowReason.INVALID_TYPE: (
        "A value is not spelled as its column declares or not of its type; `columns` names the columns."
        " Declare the spelling (`formats`, `decimalMark`, `numberStyle`, `booleans`), then replay."
    ),
    RowReason.NONEXISTENT_LOCAL_TIME: (
        "A local time that the clock leapt over in spring; `columns` names the columns. The producer's clock"
        " is of another zone: correct `defaultTimezone`, or have offsets sent, then replay."
    ),
    RowReason.OUT_OF_RANGE: (
        "A value below its column's `minimum` or above its `maximum`; `columns` names the columns."
    ),
    RowReason.INVALID_VALUE: "A value outside the contract's rules; `columns` names the columns.",
    RowReason.MISSING_VALUE: (
        "A required column is empty; `columns` names it. Have the producer send it, or take `required` away."
    ),
    RowReason.NOT_COMPUTABLE: (
        "The contract's SQL of a rule or a derived column fails on the row, as a division by zero does;"
        " `columns` names the columns. Correct the SQL (try_divide, try_cast), or have the values corrected."
    ),
    RowReason.SCHEMA_MISMATCH: "The record has no column that the contract knows.",
    RowReason.UNKNOWN_OPERATION: (
        "The operation is neither an upsert nor a delete of the contract's `operation`. Add it there."
    ),
    RowReason.MISSING_ORDER: (
        "A change without a value in the first column of the contract's `order`: nobody can tell whether it"
        " is newer. Have the producer send it."
    ),
    RowReason.NESTED_VALUE: (
        "An object or a list where the contract has one value; `columns` names the columns. Name the part"
        " that is meant by `path`, or keep all of it: `json: true`, or the type array<…>."
    ),
    RowReason.NUMBER_AS_TEXT: (
        "A number with a fraction, or one too large to be exact, where the contract has text; `columns` names"
        " the columns. Have it sent as text or as a whole number, or give the column a number's type."
    ),
    RowReason.INVALID_TEXT: (
        "Bytes that are no UTF-8, or a NUL character, where the contract has text; `columns` names the"
        " columns. Have it sent as UTF-8, without NUL, which a warehouse keeps in no text."
    ),
    RowReason.TOO_LONG: (
        "A text of more characters than its column's `maxLength`, or where none is said of more than 65,535"
        " bytes; `columns` names the columns. Say how long it may be by `maxLength`, then replay."
    ),
}
