"""All that a domain is, one folder each: contract, gold, reports, sample.

Deleting a folder removes the domain, adding one adds it.

A project apart from the product brings its own `domains` folder; its domains are packages of this one.
"""

from shared.project import domains_folder

if str(domains_folder()) not in __path__:
    __path__.insert(0, str(domains_folder()))
