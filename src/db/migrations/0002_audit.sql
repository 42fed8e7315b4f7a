-- What staff did, by page or script. No patron is ever named here.
create table audit (
  id integer primary key autoincrement,
  at integer not null,
  -- The sign-in name of the member of staff, or 'script'.
  staff text not null,
  act text not null,
  -- As it was then; the item may have another barcode by now, or be gone.
  barcode text not null,
  detail text not null default ''
) strict;

create index audit_by_item on audit (barcode, at);
