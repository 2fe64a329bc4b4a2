-- Everybody with an event or a transaction.
WITH seen AS (
    SELECT user_id, count(*) AS events, min(ts) AS first_event, max(ts) AS last_event
    FROM silver.events
    WHERE user_id IS NOT NULL
    GROUP BY user_id
),
bought AS (
    SELECT
        user_id,
        count(*) AS transactions,
        sum(amount) FILTER (WHERE array_contains(parameter('revenue_statuses'), status)) AS revenue
    FROM silver.transactions
    WHERE user_id IS NOT NULL
    GROUP BY user_id
)
SELECT
    user_id,
    coalesce(seen.events, 0) AS event_count,
    seen.first_event,
    seen.last_event,
    coalesce(bought.transactions, 0) AS transaction_count,
    coalesce(bought.revenue, 0) AS total_revenue,
    coalesce(bought.revenue, 0) AS ltv
FROM seen
FULL JOIN bought USING (user_id)
