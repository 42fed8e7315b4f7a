import { describe, expect, it } from 'vitest'
import { joinScripts } from '../../src/web/join-scripts.ts'

/** The joined script's exports, as a browser would have them. */
async function run(scripts: Record<string, string>, entry = 'a.js') {
  const text = joinScripts(new Map(Object.entries(scripts)), entry)
  return import(`data:text/javascript,${encodeURIComponent(text)}`)
}

describe('scripts joined to one', () => {
  it('do what they did apart, as we write them', async () => {
    const { answer } = await run({
      'a.js': `import { twice } from './in/b.js'
        import {
          count as start,
        } from './in/c.js'
        const own = 1
export const answer = () => twice(start) + own`,
      'in/b.js': `import { count } from './c.js'
        /** Twice. */
export function twice(n) { return n * 2 + count * 0 }
        const own = 'of its own'`,
      'in/c.js': `/** From the start. */
export const count = 20
export async function unused() {} // to the end of the line`,
    })
    expect(answer()).toBe(41)
  })

  it('do what they did apart, as esbuild writes them', async () => {
    const { begin, order } = await run({
      'a.js':
        'import{a as o}from"./b.js";import"./b.js";var l={x:()=>import("./c.js")},b=()=>l.x();export{b as begin,o as order};',
      'b.js': 'var a=["b"];export{a};/*! licence */',
      'c.js':
        'import{a as t}from"./b.js";t.push("c");var r="later";export{r as default,t as $title};',
    })
    expect(await begin()).toEqual({ default: 'later', $title: ['b', 'c'] })
    expect(order, 'each is called once').toEqual(['b', 'c'])
  })

  it('leave a lazy import alone that is not among them', () => {
    const text = joinScripts(
      new Map([['a.js', 'const f=()=>import("./pdf.js");export{f};']]),
      'a.js',
    )
    expect(text).toContain('import("./pdf.js")')
  })

  it.each([
    ['an import below the head', 'const a = 1\nimport { b } from "./b.js"'],
    ['everything at once', 'import * as b from "./b.js"'],
    ['a default', 'export default 1'],
    ['an export passed on', 'export * from "./b.js"'],
    ['a class', 'export class A {}'],
    ['an import in minified code', 'var a=1;import{b}from"./b.js";'],
    ['what is not there', 'import { c } from "./c.js"'],
  ])('are refused where one is written in another way: %s', (_, text) => {
    const scripts = new Map([
      ['a.js', text],
      ['b.js', 'export const b = 1'],
    ])
    expect(() => joinScripts(scripts, 'a.js')).toThrow(/cannot be joined|not among/)
  })
})
