-- Only a loan that is open takes a copy. Past loans that come from elsewhere take none, and an item
-- whose copies are all out, or that has none any more, may have them too.
drop trigger loans_never_more_than_copies;

create trigger loans_never_more_than_copies
before insert on loans
when new.ended_at is null
  and (select count(*) from loans where barcode = new.barcode and ended_at is null)
    >= (select copies from items where barcode = new.barcode)
begin
  select raise(abort, 'no copy of this item is left');
end;
