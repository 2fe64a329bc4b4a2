-- A day with errors but no request has empty maps.
WITH days AS (
    SELECT
        event_date AS date,
        count_if(log_type = 'access') AS total_requests,
        count_if(log_type <> 'access') AS total_errors,
        count(DISTINCT ip_address) AS unique_ips
    FROM silver.logs
    GROUP BY event_date
),
per_device AS (
    SELECT event_date AS date, coalesce(device, 'unknown') AS value, count(*) AS requests
    FROM silver.logs
    WHERE log_type = 'access'
    GROUP BY event_date, coalesce(device, 'unknown')
),
devices AS (
    SELECT date, map_from_entries(array_sort(collect_list(struct(value, requests)))) AS requests
    FROM per_device
    GROUP BY date
),
per_type AS (
    SELECT event_date AS date, coalesce(request_type, 'unknown') AS value, count(*) AS requests
    FROM silver.logs
    WHERE log_type = 'access'
    GROUP BY event_date, coalesce(request_type, 'unknown')
),
types AS (
    SELECT date, map_from_entries(array_sort(collect_list(struct(value, requests)))) AS requests
    FROM per_type
    GROUP BY date
)
SELECT
    days.date,
    days.total_requests,
    days.total_errors,
    days.unique_ips,
    coalesce(devices.requests, CAST(map() AS map<string, bigint>)) AS requests_by_device,
    coalesce(types.requests, CAST(map() AS map<string, bigint>)) AS requests_by_type
FROM days
LEFT JOIN devices ON devices.date = days.date
LEFT JOIN types ON types.date = days.date
