-- Distinct users per day, and how many of them bought something that day.
-- chart: line x=date y=total_active_users,event_active_users,tx_active_users
SELECT date,
       total_active_users,
       event_active_users,
       tx_active_users,
       CAST(tx_active_users AS DOUBLE) / NULLIF(total_active_users, 0) AS buying_share
FROM gold.daily_active_users
ORDER BY date DESC
