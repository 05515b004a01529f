/** A small pure pipeline: its value, its gradients, its second derivative and its graph. */
import { pipe } from 'fp-ts/function'
import { add, backward, item, mul, pretty, sin, square, toDot, variable, type Node } from '../lib/index.js'

/** What the pipeline computes, as text and as drawings. */
export interface Shown {
  readonly text: string
  /** The graph of the value, and that of a gradient, for Graphviz. */
  readonly drawings: Readonly<Record<string, string>>
}

/** `z = (x² + y²) · sin x`, built as a graph; nothing is computed here. */
const formula = (x: Node, y: Node): Node => pipe(square(x), add(square(y)), mul(sin(x)))

export const showPipeline = (): Shown => {
  const x = variable('x', 2)
  const y = variable('y', 3)
  const z = formula(x, y)
  const gradients = backward(z)
  const dx = gradients.get('x')!
  const dy = gradients.get('y')!
  const dxx = backward(dx).get('x')!
  const text = [
    'z = (x² + y²) · sin x  at  x = 2, y = 3',
    `  z       = ${item(z)}`,
    `  ∂z/∂x   = ${item(dx)}`,
    `  ∂z/∂y   = ${item(dy)}`,
    `  ∂²z/∂x² = ${item(dxx)}`,
    '',
    'its graph:',
    ...pretty(z).split('\n').map((line) => `  ${line}`),
  ].join('\n')
  return { text, drawings: { pipeline: toDot(z, { names: { z } }), gradient: toDot(dx, { names: { 'dz/dx': dx } }) } }
}
