-- The titles that were searched for most often in each month, with their genres.
SELECT year,
       month,
       keyword,
       MAX(categories) AS categories,
       COUNT(*) AS searches
FROM gold.search_event
WHERE match_status = 'matched'
GROUP BY year, month, keyword
ORDER BY year DESC, month DESC, searches DESC, keyword
