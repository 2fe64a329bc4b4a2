-- Customers by segment: how many, what they brought and what they are expected to bring.
-- chart: bar x=segment y=net_revenue
SELECT segment,
       COUNT(*) AS customers,
       SUM(orders) AS orders,
       SUM(net_revenue) AS net_revenue,
       AVG(CAST(net_revenue AS DOUBLE)) AS mean_net_revenue,
       AVG(CAST(recency_days AS DOUBLE)) AS mean_recency_days,
       SUM(predicted_clv_3y) AS predicted_clv_3y
FROM gold.customer_lifetime_value
GROUP BY segment
ORDER BY SUM(net_revenue) DESC, segment
