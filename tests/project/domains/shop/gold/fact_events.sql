SELECT
    e.event_id,
    e.user_id,
    e.ts,
    e.event_date,
    e.country,
    u.city AS user_city,
    u.age AS user_age,
    u.email AS user_email
FROM silver.events AS e
LEFT JOIN silver.users AS u ON u.user_id = e.user_id
