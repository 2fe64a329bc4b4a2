-- The customers who paid most, returns taken off.
SELECT customer_sk,
       customer_id,
       units,
       net_paid
FROM gold.customer_value
ORDER BY net_paid DESC, customer_sk
LIMIT 100
