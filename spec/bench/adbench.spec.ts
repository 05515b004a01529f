/** The objectives of ADBench: by this library, compiled, and by hand, against the values of its reference. */
import { describe, expect, it } from 'vitest'
import { caseOf, apart, openFolder, readBa, readGmm, readHand, readJitteredBa, readLstm, type Case } from './adbench/data.js'
import { plainAdjustment, plainResiduals, roomFor } from './adbench/plainBa.js'
import { plainLogPosterior } from './adbench/plainGmm.js'
import { plainTracking, roomForTracking } from './adbench/plainHand.js'
import { plainSequenceLoss } from './adbench/plainLstm.js'
import { baProgram, gmmProgram, handProgram, lstmProgram } from './adbench/programs.js'
import { syntheticGmm } from './adbench/synthetic.js'
import { joined } from './joined.js'

const folder = openFolder(new URL('data/', import.meta.url))
const limit = 1e-8

const of = (objective: Case['objective'], but: ReadonlyArray<string> = []): ReadonlyArray<Case> =>
  folder.cases.filter((c) => c.objective === objective && !but.includes(c.id))

const valueAndGradient = ({ value, gradFile }: Case): Float64Array => joined(value!, folder.floats(gradFile!))

describe('GMM', () => {
  it.each(of('gmm'))('$id', (c) => {
    const data = readGmm(folder.text(c.input))
    const expected = valueAndGradient(c)
    const plain = plainLogPosterior(data)
    expect(apart(gmmProgram(data).numbers(), expected)).toBeLessThan(limit)
    expect(apart(plain(true), expected)).toBeLessThan(limit)
    expect(apart(plain(false), [c.value!])).toBeLessThan(limit)
  })

  it('both agree where dimension and number of points are odd', () => {
    const data = syntheticGmm(7, 5, 93)
    expect(apart(gmmProgram(data).numbers(), plainLogPosterior(data)(true))).toBeLessThan(limit)
  })
})

describe('LSTM', () => {
  it.each(of('lstm', ['lstm_l4_c4096']))('$id', (c) => {
    const data = readLstm(folder.text(c.input))
    const expected = valueAndGradient(c)
    const plain = plainSequenceLoss(data)
    expect(apart(lstmProgram(data).numbers(), expected)).toBeLessThan(limit)
    expect(apart(plain(true), expected)).toBeLessThan(limit)
    expect(apart(plain(false), [c.value!])).toBeLessThan(limit)
  })
})

describe('BA', () => {
  it('ba_jitter_n4_m20_p60', () => {
    const c = caseOf(folder, 'ba_jitter_n4_m20_p60')
    const data = readJitteredBa(folder.text(c.input))
    const residuals = folder.floats(c.residualFile!)
    const expected = joined(residuals, folder.floats(c.jvalsFile!))
    const out = roomFor(data)
    expect(apart(baProgram(data).numbers(), expected)).toBeLessThan(limit)
    plainAdjustment(data, out)
    expect(apart(joined(out.deviations, out.penalties, out.blocks, out.slopes), expected)).toBeLessThan(limit)
    const alone = roomFor(data)
    plainResiduals(data, alone)
    expect(apart(joined(alone.deviations, alone.penalties), residuals)).toBeLessThan(limit)
  })

  it.each(of('ba', ['ba_jitter_n4_m20_p60']))('$id', (c) => {
    const data = readBa(folder.text(c.input))
    const { p } = data
    const repeated = (part: ReadonlyArray<number>): Float64Array => Float64Array.from({ length: p * part.length }, (_, i) => part[i % part.length]!)
    const expected = joined(repeated(c.residualXY!), repeated([c.weightResidual!]), repeated(c.block2x15RowMajor!.flat()), repeated([c.weightDerivative!]))
    const out = roomFor(data)
    plainAdjustment(data, out)
    expect(apart(joined(out.deviations, out.penalties, out.blocks, out.slopes), expected)).toBeLessThan(limit)
    expect(apart(baProgram(data).numbers(), expected)).toBeLessThan(limit)
  })
})

describe('hand', () => {
  it.each(of('hand'))('$id', (c) => {
    const data = readHand(folder, c)
    const residuals = folder.floats(c.residualFile!)
    const expected = joined(residuals, folder.floats(c.jacFile!))
    expect(apart(handProgram(data).numbers(), expected)).toBeLessThan(limit)
    for (const columns of ['all', 'moved'] as const) {
      const out = roomForTracking(data)
      const plain = plainTracking(data, columns)
      plain.withJacobian(out)
      expect(apart(joined(out.residuals, out.columns), expected)).toBeLessThan(limit)
      plain.residuals(out)
      expect(apart(out.residuals, residuals)).toBeLessThan(limit)
    }
  })
})
