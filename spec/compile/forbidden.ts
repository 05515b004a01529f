/**
 * Run by `engines.spec.ts` in a process of its own, in which no text may become code: prints how functions run there and what
 * they give, as JSON.
 */
import { inspect, mul, shaped, sin, sum, valueAndGrad, type Node, type Tensor } from '../../lib/index.js'
import { compiled, tensorsOf } from './agreement.js'

/** Functions that differ in the order of factors, so that none is found in memory. */
const report = (n: number, late: boolean): unknown => {
  const f = (x: Node): Node => (late ? sum(mul(sin(x), x)) : sum(mul(x, sin(x))))
  const run = compiled(valueAndGrad(f), [shaped([n])])
  const x = Float64Array.from({ length: n }, (_, i) => i / n)
  return { engine: inspect(run)?.engine, results: tensorsOf(run(x)).map((t: Tensor) => t.toArray()) }
}

const evaluates = (): boolean => {
  try {
    // oxlint-disable-next-line typescript/no-implied-eval
    const always = new Function('return true') as () => boolean
    return always()
  } catch {
    return false
  }
}

const text = evaluates()
const modules = report(4, false)
Reflect.deleteProperty(globalThis, 'WebAssembly')
console.log(JSON.stringify({ text, modules, none: report(4, true), noneLarge: report(40, true) }))
