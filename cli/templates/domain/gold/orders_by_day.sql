-- An order without an amount adds nothing.
SELECT
    event_date AS date,
    count(*) AS orders,
    coalesce(sum(amount), 0) AS amount
FROM silver.orders
GROUP BY event_date
