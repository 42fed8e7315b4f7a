import Sqlite from 'better-sqlite3'

/** An empty DIBS database with the tables that DIBS 0.7 makes. */
export function dibsDatabase(file: string): Sqlite.Database {
  const sqlite = new Sqlite(file)
  sqlite.exec(`
    create table "item" ("barcode" varchar(255) not null primary key, "item_id" varchar(255) not null,
      "item_page" text not null, "title" text not null, "author" text not null,
      "publisher" text not null, "edition" varchar(255) not null, "year" varchar(255) not null,
      "isbn_issn" varchar(255) not null, "num_copies" smallint not null, "duration" smallint not null,
      "ready" integer not null, "notes" text not null);
    create table "loan" ("id" integer not null primary key, "barcode" varchar(255) not null,
      "state" varchar(255) not null, "user" text not null, "start_time" datetime not null,
      "end_time" datetime not null, "reloan_time" datetime not null,
      foreign key ("barcode") references "item" ("barcode"));
    create table "history" ("id" integer not null primary key, "type" varchar(255) not null,
      "what" varchar(255) not null, "start_time" datetime not null, "end_time" datetime not null);
    create table "person" ("id" integer not null primary key, "uname" varchar(255) not null,
      "secret" varchar(255) not null, "role" varchar(255) not null,
      "display_name" varchar(255) not null, "updated" integer not null);
  `)
  return sqlite
}

/** DIBS's spelling of an instant. */
export function dibsTime(at: number): string {
  return new Date(at).toISOString().slice(0, 19).replace('T', ' ')
}

/** A manifest of one page, whose image is under https://img.test/. */
export function smallManifest(): string {
  const image = 'https://img.test/p1'
  const base = 'https://manifests.test/m'
  return JSON.stringify({
    '@context': 'http://iiif.io/api/presentation/2/context.json',
    '@id': base,
    '@type': 'sc:Manifest',
    label: 'A book',
    sequences: [
      {
        '@type': 'sc:Sequence',
        canvases: [
          {
            '@id': `${base}/c1`,
            '@type': 'sc:Canvas',
            label: '1',
            width: 1000,
            height: 1500,
            images: [
              {
                '@type': 'oa:Annotation',
                motivation: 'sc:painting',
                on: `${base}/c1`,
                resource: {
                  '@id': `${image}/full/full/0/default.jpg`,
                  '@type': 'dctypes:Image',
                  width: 1000,
                  height: 1500,
                  service: {
                    '@context': 'http://iiif.io/api/image/2/context.json',
                    '@id': image,
                    profile: 'http://iiif.io/api/image/2/level2.json',
                  },
                },
              },
            ],
          },
        ],
      },
    ],
  })
}
