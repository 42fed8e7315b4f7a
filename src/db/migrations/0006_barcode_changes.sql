-- An item is getting another barcode: its files have two names until this row is gone.
create table barcode_changes (
  id integer primary key,
  old_barcode text not null unique,
  new_barcode text not null unique,
  -- JSON: pairs of paths, [[old, new], ...].
  moves text not null default '[]',
  -- Set together with the item's barcode: 1, the old names go; 0, the new ones.
  done integer not null default 0 check (done in (0, 1))
) strict;
