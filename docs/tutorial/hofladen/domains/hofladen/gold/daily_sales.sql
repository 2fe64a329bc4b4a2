-- What the till took and what was ordered online; one that sold nothing on a day has 0.
WITH sold AS (
    SELECT event_date AS date, amount AS till, 0 AS online FROM silver.sales
    UNION ALL
    SELECT event_date AS date, 0 AS till, quantity * price AS online FROM silver.order_lines
)
SELECT date, sum(till) AS till, sum(online) AS online
FROM sold
GROUP BY date
