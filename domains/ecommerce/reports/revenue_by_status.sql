-- Transactions and amounts by status, and whether the status counts as revenue.
-- chart: bar x=status y=amount
SELECT t.status,
       s.is_revenue,
       COUNT(*) AS transaction_count,
       SUM(t.amount) AS amount
FROM gold.fact_transactions t
LEFT JOIN gold.dim_status s ON s.status = t.status
GROUP BY t.status, s.is_revenue
ORDER BY transaction_count DESC, t.status
