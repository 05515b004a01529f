/** The benchmark with other libraries beside, which `npm run bench:peers` installs in this folder. */
import { openFolder } from '../adbench/data.js'
import { chainInput } from '../chain.js'
import { convInput, convShape } from '../conv.js'
import { drawn } from '../gemm.js'
import { recurrentInput, recurrentShape } from '../recurrent.js'
import { tell } from '../report.js'
import { rows, type Peers } from '../rows.js'
import { rosenbrockStart } from '../small.js'
import { rate, taskOf } from '../trainingStep.js'

/** What a peer is given: the same numbers that the others have. */
const inputs = {
  rosenbrock: rosenbrockStart,
  product: (n: number) => [drawn('f32', n * n, 1), drawn('f32', n * n, 2)],
  task: () => ({ ...taskOf('f32'), rate }),
  chain: () => chainInput('f32'),
  conv: () => {
    const [x, w] = convInput()
    return { x, w, ...convShape }
  },
  recurrent: () => ({ ...recurrentInput(), ...recurrentShape }),
}

interface Peer {
  readonly load: (given: typeof inputs) => Promise<Peers>
}

/** A peer from this folder, where its packages are found. */
const peer = async (file: string): Promise<Peers> => {
  const module = (await import(new URL(`../spec/bench/peers/${file}`, import.meta.url).href)) as Peer
  return module.load(inputs)
}

const all = await Promise.all([peer('jax.mjs'), peer('tensorflow.mjs')])

const peers: Peers = {
  rosenbrock: (n) => all.flatMap((p) => p.rosenbrock?.(n) ?? []),
  product: (n) => all.flatMap((p) => p.product?.(n) ?? []),
  trainingStep: () => all.flatMap((p) => p.trainingStep?.() ?? []),
  chain: () => all.flatMap((p) => p.chain?.() ?? []),
  conv: () => all.flatMap((p) => p.conv?.() ?? []),
  recurrent: () => all.flatMap((p) => p.recurrent?.() ?? []),
}

tell(rows({ folder: openFolder(new URL('../spec/bench/data/', import.meta.url)), long: process.argv.includes('--long'), peers }))
