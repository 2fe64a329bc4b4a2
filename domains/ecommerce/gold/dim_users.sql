-- Everybody who was seen anywhere.
WITH everybody AS (
    SELECT user_id FROM silver.users
    UNION
    SELECT user_id FROM silver.events
    UNION
    SELECT user_id FROM silver.transactions
)
SELECT
    everybody.user_id,
    u.name,
    u.email,
    u.city,
    u.phone,
    u.age,
    u.updated_at
FROM everybody
LEFT JOIN silver.users AS u ON u.user_id = everybody.user_id
WHERE everybody.user_id IS NOT NULL
