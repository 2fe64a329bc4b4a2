"""A contract drafted from files: what is certain is written, what is not is asked, and no value is shown.

Files are read by ingestion's own readers, wholly and in bounded memory: `inputs` finds them, `opening` reads
them, `profile` counts, `decide` chooses, `contract_text` and `folder` write.
"""
