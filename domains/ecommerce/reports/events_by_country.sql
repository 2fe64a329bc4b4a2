-- Events and distinct users by country; events without one are counted as unknown.
-- chart: bar x=country y=events_count,users
SELECT COALESCE(country, 'unknown') AS country,
       COUNT(*) AS events_count,
       COUNT(DISTINCT user_id) AS users,
       MAX(ts) AS last_event
FROM gold.fact_events
GROUP BY COALESCE(country, 'unknown')
ORDER BY events_count DESC, country
