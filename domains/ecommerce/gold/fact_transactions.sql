SELECT
    t.tx_id,
    t.user_id,
    t.amount,
    t.status,
    t.created_at,
    t.delivered_at,
    t.event_date,
    u.city AS user_city,
    u.age AS user_age,
    u.email AS user_email
FROM silver.transactions AS t
LEFT JOIN silver.users AS u ON u.user_id = t.user_id
