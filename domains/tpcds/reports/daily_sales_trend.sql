-- Sales of each day over all channels, with the mean of seven days and the share that was returned.
-- chart: line x=sales_date y=net_revenue,net_revenue_7_days
WITH days AS (
    SELECT sales_date,
           SUM(orders) AS orders,
           SUM(units) AS units,
           SUM(net_paid) AS net_paid,
           SUM(return_amount) AS return_amount,
           SUM(net_revenue) AS net_revenue
    FROM gold.daily_sales_summary
    GROUP BY sales_date
)
SELECT sales_date,
       orders,
       units,
       net_paid,
       return_amount,
       net_revenue,
       AVG(CAST(net_revenue AS DOUBLE)) OVER (ORDER BY sales_date ROWS BETWEEN 6 PRECEDING AND CURRENT ROW) AS net_revenue_7_days,
       CAST(return_amount AS DOUBLE) / NULLIF(CAST(net_paid AS DOUBLE), 0) AS return_share
FROM days
ORDER BY sales_date
