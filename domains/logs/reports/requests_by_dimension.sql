-- Requests per day and value of each dimension (app, status, endpoint, type, device), with their share of the day.
SELECT date,
       dimension,
       value,
       requests,
       ROUND(100.0 * requests / SUM(requests) OVER (PARTITION BY date, dimension), 2) AS percent
FROM gold.daily_activity_by_dimension
ORDER BY date DESC, dimension, requests DESC, value
