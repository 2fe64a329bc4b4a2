-- Revenue per calendar month, and the share of the gross amount that became revenue.
SELECT d.year,
       d.month,
       d.month_name,
       SUM(r.transaction_count) AS transaction_count,
       SUM(r.total_revenue) AS total_revenue,
       SUM(r.gross_amount) AS gross_amount,
       CAST(SUM(r.total_revenue) AS DOUBLE) / NULLIF(CAST(SUM(r.gross_amount) AS DOUBLE), 0) AS revenue_share
FROM gold.daily_revenue r
JOIN gold.dim_date d ON d.date = r.date
GROUP BY d.year, d.month, d.month_name
ORDER BY d.year, d.month
