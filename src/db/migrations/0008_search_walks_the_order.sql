-- The number stands in each index of an order, so that a search for words that fit many items can
-- walk along the order and look at nothing else.
drop index items_by_barcode;
drop index items_by_title;
drop index items_by_author;
drop index items_by_hours;
drop index items_by_copies;
create index items_by_barcode on items (barcode, number) where removed_at is null;
create index items_by_title on items (title collate nocase, barcode, number)
  where removed_at is null;
create index items_by_author on items (author collate nocase, barcode, number)
  where removed_at is null;
create index items_by_hours on items (loan_hours, barcode, number) where removed_at is null;
create index items_by_copies on items (copies, barcode, number) where removed_at is null;
