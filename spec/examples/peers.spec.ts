import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { findingsOf } from '../../examples/peers/check.js'
import { foldgrad } from '../../examples/peers/foldgrad.js'
import { run } from '../../examples/peers/main.js'
import { written } from '../../examples/peers/written.js'

describe('the check of other libraries', () => {
  it('finds the two mistakes in the gradients written by hand, and no others', () => {
    expect(findingsOf(written).map(({ name, verdict, detail }) => [name, verdict, detail])).toEqual([
      ['square', 'consistent', ''],
      ['sin', 'consistent', ''],
      ['softplus', 'wrong', '∂/∂x[1] is 0.104993585, not 0.880797078'],
      ['relu', 'consistent', 'at a kink'],
      ['logSumExp', 'consistent', ''],
      ['product', 'wrong', '∂/∂x[1] is NaN, not 6'],
    ])
  })

  it('finds the gradients of this library right at all points', () => {
    const findings = findingsOf(foldgrad)
    expect(findings).toHaveLength(17)
    expect(findings.filter(({ verdict }) => verdict !== 'consistent')).toEqual([])
  })

  it('runs where no other library is installed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'foldgrad-'))
    const printed: Array<string> = []
    expect(await run(folder, (text) => printed.push(text))).toEqual({ 'gradients written by hand': 2, foldgrad: 0 })
    rmSync(folder, { recursive: true })
    expect(printed[0]).toMatch(/^Neither @tensorflow\/tfjs nor @jax-js\/jax is installed/)
    expect(printed.join('\n')).toContain('product of x, one of them 0   wrong         ∂/∂x[1] is NaN, not 6')
  })
})
