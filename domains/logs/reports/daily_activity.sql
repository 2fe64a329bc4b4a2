-- Requests and errors per day, with the errors per thousand requests; the newest day first.
-- chart: line x=date y=total_requests,total_errors
SELECT date,
       total_requests,
       total_errors,
       unique_ips,
       ROUND(1000.0 * total_errors / NULLIF(total_requests, 0), 2) AS errors_per_thousand
FROM gold.daily_activity
ORDER BY date DESC
