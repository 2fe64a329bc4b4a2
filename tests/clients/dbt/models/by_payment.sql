SELECT paid, count(*) AS sales, sum(price) AS total
FROM {{ source('gold', 'sales') }}
GROUP BY paid
