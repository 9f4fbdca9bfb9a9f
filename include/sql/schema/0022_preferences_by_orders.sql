-- Preferences count orders by their keys, which tell the orders of a series and of all series alike. The next
-- refresh fills the narrow lines anew, as always when the statements that make them change.
TRUNCATE record.paid_lines;
UPDATE record.heads SET narrow_made_from = NULL;
DROP INDEX record.paid_lines_of_customer;
ALTER TABLE record.paid_lines DROP COLUMN series_orders, DROP COLUMN category_orders;
CREATE INDEX paid_lines_of_customer ON record.paid_lines (shop_id, customer_no, series_no, category_no) INCLUDE (
    paid_at, known_from, known_until, day, order_key, size_no, quantity, net_minor, is_discounted, is_new
);
