import fc from 'fast-check'

const pick = <T>(...values: T[]) => fc.constantFrom(...values)

const text = (strings: TemplateStringsArray, ...parts: fc.Arbitrary<string | number>[]) =>
  fc.tuple(...parts).map((values) => String.raw({ raw: strings }, ...values))

const length = fc.oneof(pick(1, 128, 256, 512, 640, 641, 1024, 1025, 2000), fc.nat(3500))
const region = fc.oneof(
  pick('full', 'square', 'pct:0,0,50,50', 'pct:0,0,100,100', '-1,0,9,9', 'all'),
  text`${length},${length},${length},${length}`,
)
const size = fc.oneof(
  pick('full', 'max', '^max', 'pct:50', '0,', '640,640,640', '^9000,'),
  text`${length},`,
  text`,${length}`,
  text`${pick('', '!', '^', '^!')}${length},${length}`,
)
const corner = pick(0, 256, 512, 1024, 1536)
const side = pick(256, 512, 700, 1024)
/** As the viewer asks for them. */
const tile = fc.oneof(
  text`${corner},${corner},${side},${side}/${side},/${pick('0', '90', '!180')}/default.jpg`,
  text`full/${pick(90, 320, 640)},/0/default.jpg`,
)
const finish = text`${pick('0', '0', '90', '361')}/${pick('default', 'gray', 'bitonic', '..')}.${pick('jpg', 'jpg', 'png', 'tif', 'svg')}`
const image = fc.oneof({ weight: 2, arbitrary: tile }, text`${region}/${size}/${finish}`)

/** Items, and what could pass for one. */
const item = fc.oneof(
  { weight: 8, arbitrary: pick('A', 'B', 'C') },
  pick('a', 'b-1', 'c-1', '.', '..', '', '*', '%41', '%2541', 'A%00', 'A%2fB', 'A;B', 'A,B'),
)
const number = fc.oneof(
  { weight: 6, arbitrary: pick('1', '2') },
  pick('0', '3', '01', '+1', '1e0', '%31', '1.0', '-1', 'c-1', '..', '1%2f..%2f2', '١'),
)
const plain = fc.oneof(
  { weight: 6, arbitrary: text`/iiif/${item}/${number}/${image}` },
  text`/iiif/${item}/${number}/info.json`,
  text`/preview/iiif/${item}/${number}/${image}`,
  text`/${pick('manifests', 'preview/manifests', 'view', 'item', 'item-status', 'thumbnails')}/${item}`,
)

const TRICKS = [
  ...['/..', '/../', '/.', '//', '/%2e%2e/', '/.%2e/', '..%2f', '%2f', '%252f', '%5c', '\\'],
  ...['%00', '%0d%0a', '%c0%ae', '%ff', '%', '%zz', ';', '?', '?/../', '#', '@', ':', '!', '*'],
  ...['/../C/1/', '/../../C/1/', '%2f..%2fC%2f1%2f', '?@127.0.0.1/', '/..;/'],
]
const BEGINNINGS = [
  ...['http://evil.example', 'https://127.0.0.1', '/', '//evil.example', '/static/..'],
  ...['/viewer/%2e%2e', '/thumbnails/..%2f..', '/iiif/C/../..', '/.'],
]

type Change = (target: string) => string

const place = fc.double({ min: 0, max: 1, noNaN: true })
const at = (target: string, where: number) => Math.floor(where * target.length)

/** One thing done to a target to make somebody misread it. */
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(place, pick(...TRICKS)).map(
    ([where, trick]): Change =>
      (t) =>
        t.slice(0, at(t, where)) + trick + t.slice(at(t, where)),
  ),
  fc.tuple(place, pick(1, 2)).map(
    ([where, times]): Change =>
      (t) => {
        const i = Math.min(at(t, where), t.length - 1)
        const percent = times === 1 ? '%' : '%25'
        return `${t.slice(0, i)}${percent}${t.charCodeAt(i).toString(16)}${t.slice(i + 1)}`
      },
  ),
  fc.tuple(pick(0, 1, 2, 3, 4), pick('%2f', '//', '\\', '%5C', '')).map(
    ([which, instead]): Change =>
      (t) =>
        t.split('/').reduce((all, part, n) => all + (n === which + 1 ? instead : '/') + part),
  ),
  pick(...BEGINNINGS).map(
    (beginning): Change =>
      (t) =>
        beginning + t,
  ),
)

/** Request targets for the items A, B and C: half as they should be, half made to be misread. */
export const targets: fc.Arbitrary<string> = fc
  .tuple(plain, fc.oneof(pick<Change[]>([]), fc.array(change, { minLength: 1, maxLength: 2 })))
  .map(([target, changes]) => changes.reduce((changed, one) => one(changed), target))
  // What is left would be refused by the test's own client.
  .map((target) => target.replace(/[^!-~]/g, encodeURIComponent))

/** Headers with which a patron might try to be somebody else. */
export const spoofs: fc.Arbitrary<Record<string, string>> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({}) },
  fc
    .tuple(
      pick('REMOTE_USER', 'Remote-User', 'X-Remote-User', 'X_REMOTE_USER', 'X-Forwarded-User'),
      pick('ann', 'bob', 'lee', 'ann, bob', ''),
    )
    .map(([name, value]) => ({ [name]: value })),
  pick<Record<string, string>>(
    { 'X-Carrel-Proxy': 'guessed', REMOTE_USER: 'bob' },
    { 'X-Original-URL': '/iiif/C/1/info.json', 'X-Rewrite-URL': '/iiif/C/1/info.json' },
    { 'X-HTTP-Method-Override': 'PUT', Range: 'bytes=0-9' },
    { Connection: 'keep-alive, REMOTE_USER, X-Carrel-Proxy' },
    { 'If-None-Match': '*' },
  ),
)
