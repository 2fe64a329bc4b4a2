"""The pages, in the order of the navigation: a module each, whose PAGE says what it is."""

from cli.console.pages import catalogue, file, files, overview, quality, query, reports, run, runs

PAGES = (
    overview.PAGE,
    files.PAGE,
    file.PAGE,
    runs.PAGE,
    run.PAGE,
    quality.PAGE,
    query.PAGE,
    reports.PAGE,
    reports.ONE,
    catalogue.PAGE,
)
