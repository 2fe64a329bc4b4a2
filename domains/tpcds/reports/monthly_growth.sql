-- Net revenue of each month and channel, and its growth against the month before.
SELECT d_year,
       d_moy,
       channel,
       orders,
       net_revenue,
       mom_growth,
       moving_avg_3m,
       ytd_net_revenue
FROM gold.monthly_trends
ORDER BY d_year, d_moy, channel
