-- What the desk's loans page asks: loans whose patron is still known, the next due first.
create index loans_by_due on loans (due_at, id) where patron is not null;

create trigger loans_over_are_not_lengthened
before update of due_at on loans
when old.ended_at is not null
begin
  select raise(abort, 'a loan that is over is not lengthened');
end;

-- 1 once the sweep has added the loan to the totals: in the same transaction, so exactly once.
alter table loans add column totalled integer not null default 0 check (totalled in (0, 1));
create index loans_to_total on loans (ended_at)
  where totalled = 0 and ended_at is not null;

-- Sums over days, months, years and all time, so that no page ever adds up the loans themselves.
create table totals (
  -- '2026-03-09', '2026-03', '2026' or 'all': when the loan ended, in the library's zone.
  period text not null,
  -- '' stands for all items together.
  barcode text not null,
  loans integer not null default 0,
  ended_by_reader integer not null default 0,
  ended_by_time integer not null default 0,
  ended_by_staff integer not null default 0,
  length_ms integer not null default 0,
  turn_aways integer not null default 0,
  primary key (period, barcode)
) strict, without rowid;

-- The most lent of one month, one year or all time; single days are short enough without.
create index totals_by_loans on totals (period, loans desc, barcode)
  where barcode <> '' and length(period) < 10;
create index totals_by_turn_aways on totals (period, turn_aways desc, barcode)
  where barcode <> '' and turn_aways > 0;
create index totals_in_all on totals (period) where barcode = '';

-- How many loans lasted so many minutes: medians are exact to the minute. Items have rows for
-- days only; all items together ('') for every kind of period.
create table lengths (
  barcode text not null,
  period text not null,
  minutes integer not null,
  loans integer not null,
  primary key (barcode, period, minutes)
) strict, without rowid;

-- The numbers of an item stay with it under its new barcode.
create trigger totals_follow_barcode
after update of barcode on items
when new.barcode <> old.barcode
begin
  insert into totals
    select period, new.barcode, loans, ended_by_reader, ended_by_time, ended_by_staff,
      length_ms, turn_aways
    from totals
    where barcode = old.barcode and period in (select period from totals where barcode = '')
  on conflict do update set
    loans = totals.loans + excluded.loans,
    ended_by_reader = totals.ended_by_reader + excluded.ended_by_reader,
    ended_by_time = totals.ended_by_time + excluded.ended_by_time,
    ended_by_staff = totals.ended_by_staff + excluded.ended_by_staff,
    length_ms = totals.length_ms + excluded.length_ms,
    turn_aways = totals.turn_aways + excluded.turn_aways;
  delete from totals
    where barcode = old.barcode and period in (select period from totals where barcode = '');
  insert into lengths
    select new.barcode, period, minutes, loans from lengths where barcode = old.barcode
  on conflict do update set loans = lengths.loans + excluded.loans;
  delete from lengths where barcode = old.barcode;
end;
