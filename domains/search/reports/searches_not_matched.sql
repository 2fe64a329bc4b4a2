-- What people looked for and the catalogue does not have, or may have: the keywords to look at first.
SELECT keyword,
       match_status,
       COUNT(*) AS searches
FROM gold.search_event
WHERE match_status IN ('review', 'not_matched')
GROUP BY keyword, match_status
ORDER BY searches DESC, keyword
