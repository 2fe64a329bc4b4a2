-- Days of a user with an event or a transaction; rows without a user are nobody's.
WITH seen AS (
    SELECT user_id, event_date, count(*) AS events
    FROM silver.events
    WHERE user_id IS NOT NULL
    GROUP BY user_id, event_date
),
bought AS (
    SELECT
        user_id,
        event_date,
        count(*) AS transactions,
        sum(amount) FILTER (WHERE array_contains(parameter('revenue_statuses'), status)) AS revenue,
        round(avg(amount), 2) AS avg_transaction_amount
    FROM silver.transactions
    WHERE user_id IS NOT NULL
    GROUP BY user_id, event_date
)
SELECT
    user_id,
    event_date,
    coalesce(seen.events, 0) AS events_count,
    coalesce(bought.transactions, 0) AS transactions_count,
    coalesce(bought.revenue, 0) AS total_revenue,
    bought.avg_transaction_amount
FROM seen
FULL JOIN bought USING (user_id, event_date)
