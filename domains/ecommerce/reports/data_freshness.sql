-- Rows and the latest time in every silver table that files are loaded into.
-- chart: bar x=silver_table y=row_count
SELECT 'events' AS silver_table, COUNT(*) AS row_count, MAX(ts) AS latest FROM silver.events
UNION ALL
SELECT 'users_updates', COUNT(*), MAX(updated_at) FROM silver.users_updates
UNION ALL
SELECT 'transactions', COUNT(*), MAX(created_at) FROM silver.transactions
ORDER BY silver_table
