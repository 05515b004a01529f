/** Loops and address arithmetic in WebAssembly, on numbers that are known only when it runs. */
import type { FunctionBuilder } from './FunctionBuilder.js'

/** The body once for each unit of `counter`, which counts down to 0; it must not be 0 at first. */
export const countDown = (f: FunctionBuilder, counter: number, body: () => void): void => {
  f.loop((again) => {
    body()
    f.get(counter).i32(1).op('i32.sub').tee(counter).brIf(again)
  })
}

/** The same for a counter that may be 0: then nothing is done. */
export const countDownAny = (f: FunctionBuilder, counter: number, body: () => void): void => {
  f.get(counter).if(() => countDown(f, counter, body))
}

/** The body for `counter` from where it stands, by `step` more each time, while it is below the local `end`. */
export const countUp = (f: FunctionBuilder, counter: number, step: number, end: number, body: () => void): void => {
  f.block((exit) => {
    f.get(counter).get(end).op('i32.ge_u').brIf(exit).loop((again) => {
      body()
      f.get(counter).i32(step).op('i32.add').tee(counter).get(end).op('i32.lt_u').brIf(again)
    })
  })
}

/** `local += other`. */
export const advance = (f: FunctionBuilder, local: number, other: number): FunctionBuilder =>
  f.get(local).get(other).op('i32.add').set(local)

/** Pushes `local · factor`. */
export const scaled = (f: FunctionBuilder, local: number, factor: number): FunctionBuilder => {
  if (factor === 1) return f.get(local)
  const shift = Math.log2(factor)
  return Number.isInteger(shift) ? f.get(local).i32(shift).op('i32.shl') : f.get(local).i32(factor).op('i32.mul')
}
