-- What an order must carry. The typed table order_completed follows from it; what breaks it is in events$rejected.
CREATE EVENT 'Order Completed' (
  order_id STRING NOT NULL,
  revenue  DECIMAL(12, 2) NOT NULL CHECK (revenue >= 0),
  currency STRING,
  products ARRAY<ROW<product_id STRING, category STRING, name STRING, price DOUBLE, quantity INT>>
);

CREATE EVENT 'Product Added' (product_id STRING NOT NULL, category STRING, price DOUBLE, quantity INT CHECK (quantity > 0)) WITH ('on.violation' = 'warn');
