-- When and on what people search, by whether they have a plan.
SELECT event_date,
       time_slot,
       user_state,
       device_type,
       COUNT(*) AS searches
FROM gold.search_event
GROUP BY event_date, time_slot, user_state, device_type
ORDER BY event_date DESC, time_slot, user_state, device_type
