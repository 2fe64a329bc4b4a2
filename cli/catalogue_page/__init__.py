"""The catalogue as one HTML file: a page a table in it, with links, search and diagrams; nothing is fetched.

A file alone can be opened from a disk, sent, or read by a presigned address, which covers one object.
"""

from cli.catalogue_page.document import document

__all__ = ["document"]
