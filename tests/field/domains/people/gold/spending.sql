SELECT buyer, count(*) AS orders, sum(amount) AS amount
FROM silver.orders
WHERE buyer IS NOT NULL
GROUP BY buyer
