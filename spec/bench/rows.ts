/** Everything that is measured, in order. */
import type { Folder } from './adbench/data.js'
import { adbench } from './adbench/rows.js'
import { chains } from './chain.js'
import { compileTimeOfStep, compileTimePerNode } from './compileTime.js'
import { convolutions } from './conv.js'
import { inPlace, products } from './gemm.js'
import type { Contestant } from './harness.js'
import { arenas, growth } from './memory.js'
import { recurrent } from './recurrent.js'
import { comparison, type Row } from './report.js'
import { randomProgram, rosenbrock, scalarGraph } from './scalarGraph.js'
import { inverseKinematics, rosenbrocks } from './small.js'
import { trainingStep } from './trainingStep.js'

/** Other libraries that do the same work, where they can. */
export interface Peers {
  readonly rosenbrock?: (n: number) => ReadonlyArray<Contestant>
  readonly product?: (n: number) => ReadonlyArray<Contestant>
  readonly trainingStep?: () => ReadonlyArray<Contestant>
  readonly chain?: () => ReadonlyArray<Contestant>
  readonly conv?: () => ReadonlyArray<Contestant>
  readonly recurrent?: () => ReadonlyArray<Contestant>
}

export interface Setting {
  readonly folder: Folder
  /** Whether to measure for minutes what is otherwise measured for seconds. */
  readonly long: boolean
  readonly peers?: Peers
}

const hand = 'hand-written JS'
const us = 'foldgrad'
const jaxJs = 'jax-js, jit'
const tensorFlow = 'TensorFlow.js, Wasm'

/** Where most of the time goes into fresh arrays, and what collects them, it takes long turns and many to see the rest. */
const collecting = { turn: 40, rounds: 41 } as const

const graphWork = 'build, backward, evaluate'

export const rows = ({ folder, long, peers = {} }: Setting): ReadonlyArray<Row> => [
  compileTimeOfStep,
  compileTimePerNode,
  ...[2, 10, 100, 1000, 10_000].map((n) =>
    comparison({
      title: `Rosenbrock of ${n} variables, value and gradient`,
      contestants: () => [...rosenbrocks(n), ...(peers.rosenbrock?.(n) ?? [])],
      tolerance: 1e-12,
      targets: [{ of: us, against: hand, atMost: 1.1 }],
      pace: collecting,
    }),
  ),
  comparison({
    title: 'Inverse kinematics of two links, value and gradient',
    contestants: inverseKinematics,
    tolerance: 1e-12,
    targets: [{ of: us, against: hand, atMost: 1.1 }],
  }),
  ...adbench(folder),
  ...(['f32', 'f64'] as const).flatMap((dtype) =>
    [64, 128, 256, 512, 1024].map((n) =>
      comparison({
        title: `Product of ${n}×${n} matrices, ${dtype}`,
        contestants: () => [...products(dtype, n), ...(dtype === 'f32' ? (peers.product?.(n) ?? []) : [])],
        tolerance: dtype === 'f32' ? 1e-5 : 1e-13,
        operations: 2 * n ** 3,
        targets: [
          { of: inPlace, against: 'peak of 128-bit vectors', atMost: 1.25 },
          { of: us, against: jaxJs, atMost: 1 },
          { of: us, against: tensorFlow, atMost: 1 },
        ],
      }),
    ),
  ),
  ...(['f32', 'f64'] as const).map((dtype) =>
    comparison({
      title: `Training step 784-256-128-10, batch 64, ${dtype}`,
      contestants: () => [...trainingStep(dtype), ...(dtype === 'f32' ? (peers.trainingStep?.() ?? []) : [])],
      tolerance: dtype === 'f32' ? 1e-5 : 1e-12,
      targets: [
        { of: us, against: jaxJs, atMost: 0.5 },
        { of: us, against: tensorFlow, atMost: 0.1 },
      ],
    }),
  ),
  ...(['f32', 'f64'] as const).map((dtype) =>
    comparison({
      title: `Chain of 10 operations with gradient on 1,000,000 ${dtype}`,
      contestants: () => [...chains(dtype), ...(dtype === 'f32' ? (peers.chain?.() ?? []) : [])],
      tolerance: dtype === 'f32' ? 1e-5 : 1e-12,
      targets: [{ of: us, against: jaxJs, atMost: 0.25 }],
    }),
  ),
  comparison({
    title: 'Convolution 3×3 of 16×16×28×28 to 32 channels, forward and backward, f32',
    contestants: () => [...convolutions(), ...(peers.conv?.() ?? [])],
    tolerance: 1e-5,
    targets: [{ of: us, against: jaxJs, atMost: 1 / 30 }],
    pace: { total: 3000, rounds: 5 },
  }),
  comparison({
    title: 'LSTM layer of 32 steps, 64 hidden, batch 32, forward and backward, f32',
    contestants: () => [...recurrent(), ...(peers.recurrent?.() ?? [])],
    tolerance: 1e-5,
    targets: [{ of: us, against: jaxJs, atMost: 0.5 }],
  }),
  growth(long),
  arenas(folder),
  comparison({ title: `100,000 scalars: ${graphWork}`, contestants: () => scalarGraph(randomProgram(1e5, 100, 1)), tolerance: 1e-12 }),
  comparison({ title: `10,000 scalars: ${graphWork}`, contestants: () => scalarGraph(randomProgram(1e4, 100, 2)), tolerance: 1e-12 }),
  comparison({ title: `Rosenbrock of 1,000 variables: ${graphWork}`, contestants: () => rosenbrock(1000), tolerance: 1e-12 }),
]
