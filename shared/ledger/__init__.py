"""The ledger: which file versions arrived, what became of each, and what each run did. One DynamoDB table.

Items (`pk`, `sk`):
  file#<bucket>/<key> , v#<version>      a file version (LedgerFile)
  file#<bucket>/<key> , latest           newest sequencer seen of this key
  file#<bucket>/<key> , rewritten#<sha256>   a content that an erasure gave this key
  content#<domain>/<dataset>/<sha256> , owner   first file version with this content
  content#<domain>/<dataset>/<sha256> , copy#<hash of key>
                                         another key that has this content, where rows follow their file
  run#<domain> , <run id>#<dataset>      RunResult
  run#<domain> , <run id>                summary that the state machine reads: gate, changed
  attempt#<domain>/<dataset> , open      a run began to write the dataset and has not finished
  gate#<domain> , halt                   the run whose quality gate halted, until somebody accepts it
  lock#<domain> , lock                   which run owns the domain
  migration#<domain> , <run id>          what a migration changed; the run filled its tables
  load#<domain> , open                   the run after whose gold the warehouse has not followed yet
  erased#<domain> , <name>#<hash>        a person who must not come back
  erasure#<domain> , <id>                an erasure: when it began, how it ended
  lease#<domain> , lease                 who may remove all of the domain (cli/smoke)
  places , <domain>/<dataset>            files of this dataset are known
  counter#<domain>/<dataset>#<shard> , files   how many, by what became of them
  days#<domain>/<dataset> , <day>        what came on a day (shared/usual)
  observed#<domain> , learnt#<dataset>   what is usual for a dataset, as the last run learnt it
  observed#<domain> , unknown#<dataset>  columns that no contract knows

Index `by_state` (`dataset_id`, `state`): accepted files under `<domain>/<dataset>` as
`pending#<ingested_at>#<key>` or `processed#…`, duplicates written later than the file whose content they have
as `copy#…` or `read_copy#…`, those with another outcome as `quarantined#…`, `duplicate#…`, `ignored#…` or
`unpacked#…`, claims as `claimed#<claimed_until>#<key>`; files that are deferred to the bronze job under
`deferred#<domain>` as `<ingested_at>#…`. So every file version is in it once.

Every write that decides something is conditional, so a repeated or late event changes nothing.
"""

from shared.ledger.contents import Contents
from shared.ledger.counts import Counts
from shared.ledger.erased import ErasedPeople
from shared.ledger.files import Claim, Files
from shared.ledger.forgotten import Forgetting
from shared.ledger.items import deferred_id
from shared.ledger.listing import Listing
from shared.ledger.observed import Observations
from shared.ledger.runs import Runs
from shared.ledger.table import INDEX

__all__ = ["INDEX", "Claim", "Ledger", "deferred_id"]


class Ledger(Files, Contents, Counts, Listing, Runs, Observations, Forgetting, ErasedPeople):
    """Access to the ledger table: a boto3 DynamoDB Table resource."""
