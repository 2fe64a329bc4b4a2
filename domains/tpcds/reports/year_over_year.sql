-- Net revenue of each month over all channels beside that of the same month a year before.
SELECT t.d_year,
       t.d_moy,
       t.net_revenue,
       e.net_revenue AS net_revenue_year_before,
       t.yoy_growth
FROM gold.monthly_trends t
LEFT JOIN gold.monthly_trends e ON e.channel = t.channel AND e.d_year = t.d_year - 1 AND e.d_moy = t.d_moy
WHERE t.channel = 'all'
ORDER BY t.d_year, t.d_moy
