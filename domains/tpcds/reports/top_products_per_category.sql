-- The ten items with the greatest net revenue of each category.
SELECT category,
       category_rank,
       item_id,
       product_name,
       brand,
       units,
       net_revenue,
       return_rate,
       margin,
       abc_class
FROM gold.product_performance
WHERE category_rank <= 10
ORDER BY category, category_rank, item_sk
