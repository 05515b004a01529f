/** A tape as a WebAssembly program with a memory of its own, and the way in and out. */
import { bufferFrom, copyOf, type Buffer } from '../../core/DType.js'
import type { Node } from '../../core/Node.js'
import { sizeOf } from '../../core/Shape.js'
import type { Details } from '../inspect.js'
import { instanceOf, oneAtATime } from '../instance.js'
import type { Taped } from './elements.js'
import { writeTape } from './write.js'

/** A tape that is ready to run, as `link.ts` has it for loops. */
export interface LinkedTape {
  readonly run: (inputs: ReadonlyArray<Buffer | number | undefined>) => ((k: number) => Buffer) | undefined
  readonly details: Pick<Details, 'text' | 'plan' | 'bytes'>
}

/** A program for a tape; `undefined` where there is no WebAssembly. */
export const linkTape = (taped: Taped, parameters: ReadonlyArray<Node>, outputs: ReadonlyArray<Node>): LinkedTape | undefined => {
  const written = writeTape(taped, parameters.map(({ shape }) => sizeOf(shape)))
  const linked = instanceOf(written.bytes, 8 * written.size, () => Object.fromEntries(taped.tape.functions.map((f, k) => [`f${k}`, f])))
  if (linked === undefined) return undefined
  const numbers = new Float64Array(linked.memory, 0, written.size)
  for (const [address, value] of written.known) numbers[address] = value
  const places = outputs.map(({ shape, dtype }, k) => ({ from: written.results[k]!, size: sizeOf(shape), dtype }))
  const starts = written.arguments
  const result = (k: number): Buffer => {
    const { from, size, dtype } = places[k]!
    if (size === 1 && dtype === 'f64') return Float64Array.of(numbers[from]!)
    const found = numbers.subarray(from, from + size)
    return dtype === 'f64' ? copyOf(found) : bufferFrom(dtype, found)
  }
  return {
    details: {
      text: `scalars: ${written.operations} operations in ${written.functions} ${written.functions === 1 ? 'function' : 'functions'}`,
      plan: { offsets: [], size: 8 * written.size, held: 8 * (written.size - written.between), alive: 8 * written.between },
      bytes: written.bytes.length,
    },
    run: oneAtATime((inputs) => {
      for (let k = 0; k < inputs.length; k++) {
        const given = inputs[k]
        if (typeof given === 'number') numbers[starts[k]!] = given
        else if (given !== undefined) numbers.set(given, starts[k])
      }
      linked.run()
      return result
    }),
  }
}
