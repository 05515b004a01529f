/** The objectives of ADBench beside the best plain JavaScript for them. */
import type { Contestant } from '../harness.js'
import { joined } from '../joined.js'
import { comparison, type Comparison, type Row, type Target } from '../report.js'
import { caseOf, readBa, readGmm, readHand, readLstm, type Ba, type Folder, type Gmm, type Hand, type Lstm } from './data.js'
import { plainAdjustment, plainResiduals, roomFor } from './plainBa.js'
import { plainLogPosterior } from './plainGmm.js'
import { plainTracking, roomForTracking } from './plainHand.js'
import { plainSequenceLoss } from './plainLstm.js'
import { baProgram, gmmProgram, handProgram, lstmProgram, type Program } from './programs.js'
import { jittered, syntheticGmm } from './synthetic.js'

const plainly = 'hand-written JS'
const compiled = 'foldgrad'
const alone = 'foldgrad, objective alone'
const plainAlone = 'hand-written JS, objective alone'

const at = (atMost: number): ReadonlyArray<Target> => [{ of: compiled, against: plainly, atMost }]

/** Gradient over objective, for both. */
const told = [
  { of: compiled, against: alone },
  { of: plainly, against: plainAlone },
]

const nothing = (): undefined => undefined

/** The compiled contestants: what was expected of the results, by the case, is in the specs. */
const contestants = ({ objective, derivative, numbers }: Program): ReadonlyArray<Contestant> => [
  { name: compiled, run: derivative, numbers },
  { name: alone, run: objective, numbers: nothing },
]

const row = (rest: Omit<Comparison, 'told' | 'tolerance'>): Row => comparison({ ...rest, told, tolerance: 1e-8 })

/** How long g++ -O3 -march=native took over the hand-derived C++ of ADBench, where the same was measured beside hand-written JS. */
const ahead = (native: number): Target => ({ of: compiled, against: plainly, atMost: native, as: 'the time of hand-derived C++' })

const gmm = (title: string, read: () => Gmm, targets: ReadonlyArray<Target>): Row =>
  row({
    title: `ADBench GMM ${title}`,
    targets,
    contestants: () => {
      const data = read()
      const plain = plainLogPosterior(data)
      return [{ name: plainly, run: () => plain(true) }, { name: plainAlone, run: () => plain(false), numbers: nothing }, ...contestants(gmmProgram(data))]
    },
  })

const lstm = (title: string, read: () => Lstm): Row =>
  row({
    title: `ADBench LSTM ${title}`,
    targets: at(0.7),
    contestants: () => {
      const data = read()
      const plain = plainSequenceLoss(data)
      return [{ name: plainly, run: () => plain(true) }, { name: plainAlone, run: () => plain(false), numbers: nothing }, ...contestants(lstmProgram(data))]
    },
  })

const ba = (title: string, read: () => Ba): Row =>
  row({
    title: `ADBench BA ${title}`,
    targets: at(1.2),
    contestants: () => {
      const data = read()
      const out = roomFor(data)
      return [
        {
          name: plainly,
          run: () => plainAdjustment(data, out),
          numbers: () => {
            plainAdjustment(data, out)
            return joined(out.deviations, out.penalties, out.blocks, out.slopes)
          },
        },
        { name: `${plainly}, into new arrays`, run: () => plainAdjustment(data, roomFor(data)), numbers: nothing },
        { name: plainAlone, run: () => plainResiduals(data, out), numbers: nothing },
        ...contestants(baProgram(data)),
      ]
    },
  })

const hand = (title: string, read: () => Hand): Row =>
  row({
    title: `ADBench hand ${title}`,
    targets: at(1.2),
    contestants: () => {
      const data = read()
      const one = (name: string, columns: 'all' | 'moved'): Contestant => {
        const out = roomForTracking(data)
        const { withJacobian } = plainTracking(data, columns)
        return {
          name,
          run: () => withJacobian(out),
          numbers: () => {
            withJacobian(out)
            return joined(out.residuals, out.columns)
          },
        }
      }
      const out = roomForTracking(data)
      const { residuals } = plainTracking(data, 'all')
      return [
        one(plainly, 'all'),
        one(`${plainly}, own columns of each finger alone`, 'moved'),
        { name: plainAlone, run: () => residuals(out), numbers: nothing },
        ...contestants(handProgram(data)),
      ]
    },
  })

export const adbench = (folder: Folder): ReadonlyArray<Row> => {
  const text = (id: string): string => folder.text(caseOf(folder, id).input)
  return [
    gmm('d10 K50 1k', () => readGmm(text('gmm_d10_K50_1k')), [...at(0.5), ahead(4.65 / 4.8)]),
    gmm('d32 K50 1k', () => syntheticGmm(32, 50, 1000), [...at(0.5), ahead(14.5 / 28.2)]),
    gmm('d128 K10 1k', () => syntheticGmm(128, 10, 1000), [...at(0.5), ahead(43.4 / 66.4)]),
    gmm('d10 K25 10k', () => syntheticGmm(10, 25, 10_000), [...at(0.5), ahead(22.9 / 24.2)]),
    gmm('d2 K200 1k', () => readGmm(text('gmm_d2_K200_1k')), []),
    lstm('l2 c1024', () => readLstm(text('lstm_l2_c1024'))),
    lstm('l4 c4096', () => readLstm(text('lstm_l4_c4096'))),
    ba('p31843', () => readBa(text('ba1_n49_m7776_p31843'))),
    ba('p31843, all different', () => jittered(readBa(text('ba1_n49_m7776_p31843')))),
    hand('simple small c192', () => readHand(folder, caseOf(folder, 'hand2_t26_c192_simple_small'))),
    hand('simple big c400', () => readHand(folder, caseOf(folder, 'hand4_t26_c400_simple_big'))),
    hand('complicated small c192', () => readHand(folder, caseOf(folder, 'hand2_t26_c192_complicated_small'))),
    hand('complicated big c400', () => readHand(folder, caseOf(folder, 'hand4_t26_c400_complicated_big'))),
  ]
}
