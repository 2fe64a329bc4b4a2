-- What each user did in the last 30 days of the data, the most active first.
SELECT a.user_id,
       u.name,
       u.city,
       COUNT(*) AS active_days,
       SUM(a.events_count) AS events_count,
       SUM(a.transactions_count) AS transactions_count,
       SUM(a.total_revenue) AS total_revenue,
       MAX(a.event_date) AS last_active
FROM gold.fact_user_activity a
LEFT JOIN gold.dim_users u ON u.user_id = a.user_id
WHERE a.event_date > (SELECT date_add('day', -30, MAX(event_date)) FROM gold.fact_user_activity)
GROUP BY a.user_id, u.name, u.city
ORDER BY events_count DESC, transactions_count DESC, a.user_id
LIMIT 1000
