-- Orders and their money per day, the newest day first.
SELECT date,
       orders,
       amount
FROM gold.orders_by_day
ORDER BY date DESC
