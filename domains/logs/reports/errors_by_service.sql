-- Errors of each service per day, with their codes and the latest time.
SELECT event_date,
       app_name,
       status_code,
       COUNT(*) AS errors,
       MAX(event_timestamp) AS latest
FROM silver.logs
WHERE log_type = 'error'
GROUP BY event_date, app_name, status_code
ORDER BY event_date DESC, errors DESC, app_name, status_code
