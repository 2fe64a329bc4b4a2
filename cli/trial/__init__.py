"""`./lake try`: files through the real ingestion and the real jobs of the contract as it stands on disk, in a
lake that is made for one look and gone afterwards.
"""
