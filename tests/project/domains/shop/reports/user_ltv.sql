-- The thousand users who have been worth most, with their rank and share of all revenue.
SELECT l.user_id,
       u.name,
       u.city,
       l.ltv,
       RANK() OVER (ORDER BY l.ltv DESC) AS ltv_rank,
       CAST(l.ltv AS DOUBLE) / NULLIF(CAST(SUM(l.ltv) OVER () AS DOUBLE), 0) AS revenue_share,
       l.transaction_count,
       l.event_count,
       l.first_event,
       l.last_event
FROM gold.user_ltv l
LEFT JOIN gold.dim_users u ON u.user_id = l.user_id
ORDER BY l.ltv DESC, l.user_id
LIMIT 1000
