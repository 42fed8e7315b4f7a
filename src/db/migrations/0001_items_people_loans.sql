create table items (
  barcode text primary key not null check (barcode <> ''),
  title text not null check (title <> ''),
  author text not null,
  publisher text not null default '',
  edition text not null default '',
  year text not null default '',
  isbn_issn text not null default '',
  item_id text not null default '',
  item_page text not null default '',
  notes text not null default '',
  copies integer not null check (copies between 0 and 999),
  loan_hours real not null check (loan_hours between 0.02 and 8760),
  ready integer not null default 0 check (ready in (0, 1)),
  added_at integer not null
) strict;

create table people (
  name text primary key not null check (name <> ''),
  role text not null check (role in ('library'))
) strict;

-- One table for open, cooling-off and past loans: which of them a row is follows from its times.
create table loans (
  id integer primary key autoincrement,
  barcode text not null references items (barcode) on update cascade,
  -- Who reads; null once the cooling-off period is over and the patron is forgotten.
  patron text,
  -- The version of the manifest that the loan began with, and reads by to its end.
  manifest_version text not null,
  -- 0 for loans of the staff, which no statistics count.
  counted integer not null check (counted in (0, 1)),
  started_at integer not null,
  due_at integer not null check (due_at > started_at),
  ended_at integer check (ended_at between started_at and due_at),
  ended_by text check (ended_by in ('reader', 'time', 'staff')),
  check (ended_at is not null or patron is not null),
  check ((ended_at is null) = (ended_by is null))
) strict;

create unique index loans_one_open_per_patron on loans (patron) where ended_at is null;
create index loans_open_by_item on loans (barcode, due_at) where ended_at is null;
create index loans_by_patron on loans (patron, barcode, ended_at) where patron is not null;
create index loans_by_item on loans (barcode, started_at);

create trigger loans_never_more_than_copies
before insert on loans
when (select count(*) from loans where barcode = new.barcode and ended_at is null)
  >= (select copies from items where barcode = new.barcode)
begin
  select raise(abort, 'no copy of this item is left');
end;

create trigger loans_stay_ended
before update of ended_at, ended_by on loans
when old.ended_at is not null
begin
  select raise(abort, 'a loan that has ended stays ended');
end;

create trigger loans_stay_forgotten
before update of patron on loans
when old.patron is null and new.patron is not null
begin
  select raise(abort, 'a patron who is forgotten stays forgotten');
end;

-- The latest instant at which this database was in use, to notice a clock that was set back.
create table clock (
  only integer primary key check (only = 1),
  last_seen integer not null
) strict;
insert into clock (only, last_seen) values (1, 0);
