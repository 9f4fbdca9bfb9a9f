-- purpose: make room for the lists of a second collecting in one transaction
-- grain:   none
-- params:  none
-- reads:   nothing
-- writes:  the lists
-- returns: nothing
DROP TABLE IF EXISTS
pg_temp.good_pieces,
pg_temp.made_goods,
pg_temp.touched_products,
pg_temp.changed_products,
pg_temp.touched_orders,
pg_temp.order_versions,
pg_temp.line_pieces,
pg_temp.uneven_versions,
pg_temp.line_rows,
pg_temp.made_paid_lines,
pg_temp.order_rows,
pg_temp.made_paid_orders,
pg_temp.price_difference_rows,
pg_temp.made_price_differences,
pg_temp.touched_refunds,
pg_temp.touched_events,
pg_temp.touched_parcels,
pg_temp.owners,
pg_temp.refund_pieces,
pg_temp.made_refunds,
pg_temp.event_pieces,
pg_temp.made_events,
pg_temp.perhaps_late,
pg_temp.parcel_facts,
pg_temp.parcel_scans,
pg_temp.parcel_refunds,
pg_temp.changed_numbers,
pg_temp.changed_customers
