-- Which dropped files the figures of a day come from: their raw keys, when they came, the run that brought them to silver.
SELECT a.date,
       a.total_requests,
       a.total_errors,
       l._source_file,
       l._ingested_at,
       l._run_id,
       SUM(CASE WHEN l.log_type = 'access' THEN 1 ELSE 0 END) AS requests_of_file,
       SUM(CASE WHEN l.log_type = 'error' THEN 1 ELSE 0 END) AS errors_of_file
FROM gold.daily_activity a
JOIN silver.logs l ON l.event_date = a.date
GROUP BY a.date, a.total_requests, a.total_errors, l._source_file, l._ingested_at, l._run_id
ORDER BY a.date DESC, l._source_file
