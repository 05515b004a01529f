/** Programs of a million nodes: no recursion anywhere, linear time, less than 2 GiB. */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'

interface Found {
  readonly chain: { readonly nodes: number; readonly y: number; readonly dy: number }
  readonly web: { readonly nodes: number; readonly numbers: readonly [y: number, da: number, db: number, dhalf: number] }
  readonly forward: readonly [y: number, dy: number]
  readonly bytes: number
}

let found: Found

beforeAll(() => {
  const script = fileURLToPath(new URL('millions.ts', import.meta.url))
  const output = execFileSync(process.execPath, ['--max-old-space-size=2048', '--import', 'tsx', script], { encoding: 'utf8' })
  found = JSON.parse(output) as Found
})

describe('a million nodes', () => {
  it('in a chain: value and gradient', () => {
    expect(found.chain).toEqual({ nodes: 1_000_000, y: 500_000, dy: 1_000_000 })
  })

  it('that share their operands: value and gradients, as plain numbers have them', () => {
    expect(found.web.nodes).toBeGreaterThan(1_000_000)
    expect(found.web.numbers).toEqual(web())
  })

  it('in a chain in forward mode', () => {
    let [y, dy] = [1, 1]
    for (let i = 1; i < 1_000_000; i++) [y, dy] = [Math.sin(y), dy * Math.cos(y)]
    expect(found.forward[0]).toBe(y)
    expect(Math.abs(found.forward[1] - dy)).toBeLessThanOrEqual(1e-9 * Math.abs(dy))
  })

  it('take less than 2 GiB', () => {
    expect(found.bytes).toBeLessThan(2 ** 31)
  })
})

/** The same program on plain numbers, with its derivatives by hand. */
const web = (): ReadonlyArray<number> => {
  const values = [0.3, 0.7]
  for (let made = 3; made < 1_000_000; made += 2) values.push((values.at(-2)! + (values.length % 3 === 0 ? Math.sin(values.at(-1)!) : values.at(-1)!)) * 0.5)
  const adjoint = new Float64Array(values.length)
  adjoint[values.length - 1] = 1
  let dhalf = 0
  for (let i = values.length - 1; i >= 2; i--) {
    const [p, q] = [values[i - 2]!, values[i - 1]!]
    const g = adjoint[i]! * 0.5
    dhalf += adjoint[i]! * (p + (i % 3 === 0 ? Math.sin(q) : q))
    adjoint[i - 2]! += g
    adjoint[i - 1]! += i % 3 === 0 ? g * Math.cos(q) : g
  }
  return [values.at(-1)!, adjoint[0]!, adjoint[1]!, dhalf]
}
