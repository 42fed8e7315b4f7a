-- An item that staff removed stays for the statistics of its loans; no page or reader meets it.
alter table items add column removed_at integer;

create trigger items_removed_are_not_on_loan
before update of removed_at on items
when new.removed_at is not null
  and exists (select 1 from loans where barcode = old.barcode and ended_at is null)
begin
  select raise(abort, 'an item on loan is not removed');
end;

create trigger loans_never_of_removed_items
before insert on loans
when (select removed_at from items where barcode = new.barcode) is not null
begin
  select raise(abort, 'this item was removed');
end;

-- One index for each order of the list: a page deep inside it is found without sorting.
create index items_by_barcode on items (barcode) where removed_at is null;
create index items_by_title on items (title collate nocase, barcode) where removed_at is null;
create index items_by_author on items (author collate nocase, barcode) where removed_at is null;
create index items_by_hours on items (loan_hours, barcode) where removed_at is null;
create index items_by_copies on items (copies, barcode) where removed_at is null;

-- What the search index knows an item by. The rowid is not enough: VACUUM may change it.
alter table items add column number integer;
update items set number = rowid;
create unique index items_by_number on items (number);

create virtual table item_words using fts5 (
  barcode, title, author,
  content = '', contentless_delete = 1,
  tokenize = 'unicode61 remove_diacritics 2', prefix = '1 2 3'
);
insert into item_words (rowid, barcode, title, author)
  select number, barcode, title, author from items;

create trigger item_words_of_new_item
after insert on items
begin
  update items set number = (select coalesce(max(number), 0) + 1 from items)
    where barcode = new.barcode and number is null;
  insert into item_words (rowid, barcode, title, author)
    select number, barcode, title, author from items
    where barcode = new.barcode and removed_at is null;
end;

create trigger item_words_of_changed_item
after update of barcode, title, author, removed_at on items
begin
  delete from item_words where rowid = new.number;
  insert into item_words (rowid, barcode, title, author)
    select new.number, new.barcode, new.title, new.author where new.removed_at is null;
end;

create trigger item_words_of_deleted_item
after delete on items
begin
  delete from item_words where rowid = old.number;
end;
