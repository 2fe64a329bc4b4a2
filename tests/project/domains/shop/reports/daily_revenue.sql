-- Money and transactions per day, with the running total of revenue; the newest day first.
-- chart: line x=date y=total_revenue,gross_amount
SELECT date,
       transaction_count,
       total_revenue,
       gross_amount,
       avg_amount,
       delivered_count,
       SUM(total_revenue) OVER (ORDER BY date) AS revenue_to_date
FROM gold.daily_revenue
ORDER BY date DESC
