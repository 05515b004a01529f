/** Memory: that many steps leave nothing behind, and how near the plans come to the least that they could need. */
import { inspect, type Inspection } from '../../lib/index.js'
import { caseOf, readBa, readGmm, readLstm, type Folder } from './adbench/data.js'
import { baProgram, gmmProgram, lstmProgram } from './adbench/programs.js'
import type { Row } from './report.js'
import { compiledTask, taskOf } from './trainingStep.js'

declare const gc: (() => void) | undefined

const mebi = 2 ** 20

/** Bytes in use after a collection: of the heap with its array buffers, and of the process. */
const used = (): { readonly heap: number; readonly process: number } => {
  // Several times, for the engine lets go of code that is no longer used only after some collections.
  for (let i = 0; i < 12; i++) gc?.()
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage()
  return { heap: heapUsed + arrayBuffers, process: rss }
}

/** 100,000 steps: of a small perceptron, or of the large one if there is time. */
export const growth = (long: boolean): Row => {
  const widths = long ? [784, 256, 128, 10] : [32, 16, 10]
  const title = `Memory over 100,000 training steps of ${widths.join('-')}`
  return {
    title,
    measure: () => {
      const { advance } = compiledTask(taskOf('f32', widths, long ? 64 : 16))
      const found = Array.from({ length: 6 }, () => {
        for (let i = 0; i < 20_000; i++) advance()
        return used()
      })
      const spread = (of: 'heap' | 'process'): number => {
        const sizes = found.slice(1).map((u) => u[of] / mebi)
        return Math.max(...sizes) - Math.min(...sizes)
      }
      const [heap, whole] = [spread('heap'), spread('process')]
      const listed = (of: 'heap' | 'process'): string => found.map((u) => (u[of] / mebi).toFixed(1)).join(', ')
      return {
        lines: [`  MiB after each 20,000 steps, of which the first warm up: heap ${listed('heap')}; process ${listed('process')}`],
        outcomes: [
          { title, target: 'heap changes by less than 0.5 MiB', measured: `${heap.toFixed(2)} MiB`, reached: heap < 0.5 },
          { title, target: 'process changes by less than 16 MiB', measured: `${whole.toFixed(1)} MiB`, reached: whole < 16 },
        ],
      }
    },
  }
}

/** Temporaries as planned, in units of the most that are alive at once. */
export const arenas = (folder: Folder): Row => ({
  title: 'Memory plans',
  measure: () => {
    const text = (id: string): string => folder.text(caseOf(folder, id).input)
    const programs: ReadonlyArray<readonly [string, Inspection]> = [
      ['training step 784-256-128-10', compiledTask(taskOf('f32')).inspection!],
      ['ADBench GMM d10 K50 1k', inspect(gmmProgram(readGmm(text('gmm_d10_K50_1k'))).compiled)!],
      ['ADBench LSTM l2 c1024', inspect(lstmProgram(readLstm(text('lstm_l2_c1024'))).compiled)!],
      ['ADBench BA p31843', inspect(baProgram(readBa(text('ba1_n49_m7776_p31843'))).compiled)!],
    ]
    const kibi = (bytes: number): string => `${(bytes / 1024).toFixed(0)} KiB`
    const found = programs.map(([name, { memory }]) => ({ name, ...memory, times: memory.temporaries / Math.max(1, memory.least) }))
    return {
      lines: found.map(({ name, held, temporaries, least }) => `  ${name}: ${kibi(held)} held, ${kibi(temporaries)} of temporaries, at least ${kibi(least)}`),
      outcomes: found.map(({ name, times }) => ({ title: `Memory plan of ${name}`, target: 'temporaries at most 1.30 × what is alive at once', measured: times.toFixed(2), reached: times <= 1.3 })),
    }
  },
})
