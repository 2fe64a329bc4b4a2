SELECT user_id, city FROM silver.profiles
