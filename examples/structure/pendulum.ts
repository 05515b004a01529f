/**
 * A damped pendulum, fitted to noisy observations: a simulation is a scan, and least squares differentiates through it.
 *
 * The angle obeys angle″ = −(g / length) · sin(angle) − damping · angle′, and the pendulum is released at rest.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { add, constant, div, mul, neg, scan, sin, slice, sub, value, zipTree, type Node } from '../../lib/index.js'
import { normal } from '../random.js'
import { lineChart } from '../svg.js'
import { leastSquares, type Fit } from './leastSquares.js'

const gravity = 9.81

/** A length in metres, a damping per second, and the angle of release in radians. */
export const names = ['length', 'damping', 'release'] as const

type Numbers = readonly [length: number, damping: number, release: number]

/** Where the pendulum is, and how fast it moves. */
interface Motion {
  readonly angle: Node
  readonly speed: Node
}

/** One step of the classical method of Runge and Kutta. */
const rungeKutta = (change: (at: Motion) => Motion, dt: number) => (at: Motion): Motion => {
  const after = (time: number, by: Motion): Motion => zipTree(at, by, (x, dx) => add(x, mul(time, dx)))
  const a = change(at)
  const b = change(after(dt / 2, a))
  const c = change(after(dt / 2, b))
  const d = change(after(dt, c))
  const mean = (k: keyof Motion): Node => div(add(add(a[k], d[k]), mul(2, add(b[k], c[k]))), 6)
  return after(dt, { angle: mean('angle'), speed: mean('speed') })
}

/** The angle after each of `count` steps of `dt` seconds: one node, however many steps. */
export const angles = (p: Node, dt: number, count: number): Node => {
  const [length, damping, release] = names.map((_, i) => slice(p, [i])) as [Node, Node, Node]
  const step = rungeKutta(
    ({ angle, speed }) => ({ angle: speed, speed: neg(add(mul(div(gravity, length), sin(angle)), mul(damping, speed))) }),
    dt,
  )
  const follow = (at: Motion): readonly [Motion, Node] => {
    const next = step(at)
    return [next, next.angle]
  }
  return scan(follow, { angle: release, speed: 0 }, [], { length: count })[1]
}

export const truth: Numbers = [0.8, 0.35, 1.2]
export const start: Numbers = [1, 0, 0.8]
/** The size of the noise, in radians. */
export const noise = 0.05
export const dt = 0.05
export const count = 160

/** Observations of the true pendulum, simulated ten times as finely as in the fit, with the noise of a seed. */
export const observed = (seed: number, size = noise): ReadonlyArray<number> => {
  const exact = value(angles(constant(truth), dt / 10, 10 * count)).toArray() as ReadonlyArray<number>
  return Array.from({ length: count }, (_, i) => exact[10 * i + 9]! + size * normal(seed, i))
}

/** The pendulum whose angles are nearest to those observed. */
export const fitted = (observations: ReadonlyArray<number>): Fit =>
  leastSquares((p) => sub(angles(p, dt, count), observations), start)

const curve = (p: ReadonlyArray<number>): ReadonlyArray<readonly [number, number]> =>
  [p[2]!, ...(value(angles(constant(p), dt, count)).toArray() as ReadonlyArray<number>)].map((angle, i) => [i * dt, angle])

const chart = (observations: ReadonlyArray<number>, { parameters }: Fit): string =>
  lineChart({
    title: 'A damped pendulum, fitted through its simulation',
    xLabel: 'seconds',
    yLabel: 'angle (radians)',
    series: [
      { name: 'start', points: curve(start), color: '#b8b8b8', width: 1.5 },
      { name: 'observed', points: observations.map((angle, i) => [(i + 1) * dt, angle]), color: '#e07b1a', width: 0, dots: true },
      { name: 'fitted', points: curve(parameters), color: '#1f5fa8', width: 2.5 },
    ],
  })

/** Prints what was found beside what is true, and draws it. */
export const run = (folder: string, print: (text: string) => void): void => {
  const observations = observed(2026)
  const fit = fitted(observations)
  const file = join(folder, 'pendulum.svg')
  writeFileSync(file, chart(observations, fit))
  print('A pendulum, fitted to noisy observations')
  names.forEach((name, i) => {
    const [found, error] = [fit.parameters[i]!.toFixed(4), fit.errors[i]!.toFixed(4)]
    print(`  ${name.padEnd(8)} start ${start[i]!.toFixed(2)}   fitted ${found} ± ${error}   true ${truth[i]!.toFixed(4)}`)
  })
  print(`  residual ${fit.noise.toFixed(4)}, noise ${noise.toFixed(4)}, after ${fit.steps} steps`)
  print(`  ${file}`)
}
