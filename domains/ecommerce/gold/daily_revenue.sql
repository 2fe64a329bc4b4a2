-- Rows without an amount count as nothing; a day without revenue has 0.
SELECT
    event_date AS date,
    count(*) AS transaction_count,
    coalesce(sum(amount) FILTER (WHERE array_contains(parameter('revenue_statuses'), status)), 0) AS total_revenue,
    coalesce(sum(amount), 0) AS gross_amount,
    round(avg(amount), 2) AS avg_amount,
    count_if(status = 'delivered') AS delivered_count
FROM silver.transactions
GROUP BY event_date
