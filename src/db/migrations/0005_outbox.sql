-- Mail that is still to be sent: one letter a loan, gone as soon as it is delivered or given up.
create table outbox (
  loan_id integer primary key not null references loans (id) on delete cascade,
  address text not null check (address <> ''),
  tries integer not null default 0 check (tries >= 0),
  next_try_at integer not null
) strict;

create index outbox_by_time on outbox (next_try_at);

-- Whatever becomes of the mail, the address goes when the patron is forgotten.
create trigger outbox_forgets_patrons
after update of patron on loans
when new.patron is null
begin
  delete from outbox where loan_id = new.id;
end;
