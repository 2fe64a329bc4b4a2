WITH entries AS (
    SELECT
        event_date AS date,
        explode(array(
            struct('app' AS dimension, coalesce(app_name, 'unknown') AS value),
            struct('status' AS dimension, coalesce(CAST(status_code AS string), 'unknown') AS value),
            struct('endpoint' AS dimension, coalesce(endpoint, 'unknown') AS value),
            struct('type' AS dimension, coalesce(request_type, 'unknown') AS value),
            struct('device' AS dimension, coalesce(device, 'unknown') AS value)
        )) AS entry
    FROM silver.logs
    WHERE log_type = 'access'
)
SELECT date, entry.dimension AS dimension, entry.value AS value, count(*) AS requests
FROM entries
GROUP BY date, entry.dimension, entry.value
