-- Users per plan: those who have it now, and those who had it once.
SELECT s.plan_name,
       s.plan_type,
       s.is_paid,
       COUNT(*) AS users,
       SUM(CASE WHEN b.is_effective THEN 1 ELSE 0 END) AS in_effect
FROM gold.bridge_user_plan b
JOIN gold.dim_subscription s ON s.subscription_key = b.subscription_key
GROUP BY s.plan_name, s.plan_type, s.is_paid
ORDER BY in_effect DESC, s.plan_name, s.plan_type
