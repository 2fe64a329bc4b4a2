-- The hundred customers with the greatest net revenue, and how they compare.
SELECT v.customer_id,
       c.full_name,
       v.segment,
       v.value_tier,
       v.orders,
       v.channels,
       v.net_revenue,
       v.lifetime_profit,
       v.predicted_clv_3y,
       v.last_purchase
FROM gold.customer_lifetime_value v
JOIN silver.customer c ON c.c_customer_sk = v.customer_sk
ORDER BY v.net_revenue DESC, v.customer_sk
LIMIT 100
