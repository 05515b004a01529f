/** What statements read and write. */
import type { Access, Lane, Nest, Place, Statement } from './ir.js'

/** The elements that the lanes of a nest load. */
export const accesses = (nest: Nest): ReadonlyArray<Access> => {
  const seen = new Set<Lane>()
  const found: Array<Access> = []
  const stack = [...nest.stores, ...nest.reductions].map(({ value }) => value)
  while (stack.length > 0) {
    const lane = stack.pop()!
    if (seen.has(lane)) continue
    seen.add(lane)
    if (lane.access !== undefined) found.push(lane.access)
    stack.push(...lane.args)
  }
  return found
}

/** The places that a statement reads and writes, those of its parts included. */
export const touched = (statement: Statement): { readonly read: ReadonlyArray<Place>; readonly written: ReadonlyArray<Place> } => {
  switch (statement.kind) {
    case 'nest': {
      const sums = statement.reductions.filter((r) => r.accumulate).map((r) => r.access)
      return { read: [...accesses(statement), ...sums], written: [...statement.stores, ...statement.reductions].map(({ access }) => access) }
    }
    case 'gemm':
      return { read: [statement.a, statement.b, ...(statement.accumulate ? [statement.c] : [])], written: [statement.c] }
    case 'conv': {
      const { x, w, y, result } = statement
      const all = { x, w, y }
      return { read: (['x', 'w', 'y'] as const).filter((name) => name !== result).map((name) => all[name]), written: [all[result]] }
    }
    case 'gather':
    case 'scatter':
      return { read: [statement.from, statement.indices], written: [statement.to] }
    case 'windows':
    case 'unwindows':
    case 'argMaxPool':
      return { read: [statement.from], written: [statement.to] }
    case 'pick':
    case 'unpick':
      return { read: [statement.from, statement.positions], written: [statement.to] }
    case 'fill':
      return { read: [], written: [statement.to] }
    case 'host':
      return { read: statement.inputs, written: [statement.output] }
    case 'repeat':
      return within(statement.body)
    case 'while': {
      const { read, written } = within([...statement.test, ...statement.body])
      return { read: [...read, statement.flag], written }
    }
    case 'if': {
      const { read, written } = within([...statement.onTrue, ...statement.onFalse])
      return { read: [...read, statement.flag], written }
    }
    case 'stop':
      return { read: [], written: [] }
  }
}

const within = (body: ReadonlyArray<Statement>): ReturnType<typeof touched> => {
  const all = body.map(touched)
  return { read: all.flatMap(({ read }) => read), written: all.flatMap(({ written }) => written) }
}

const numbers = (places: ReadonlyArray<Place>): ReadonlySet<number> => new Set(places.map(({ buffer }) => buffer))

/** The buffers that a statement reads. */
export const reads = (statement: Statement): ReadonlySet<number> => numbers(touched(statement).read)

/** The buffers that a statement writes. */
export const writes = (statement: Statement): ReadonlySet<number> => numbers(touched(statement).written)

/** The bodies of a statement that has others inside, by their names. */
export const bodiesOf = (statement: Statement): ReadonlyArray<readonly [name: string, body: ReadonlyArray<Statement>]> => {
  if (statement.kind === 'repeat') return [['', statement.body]]
  if (statement.kind === 'while') return [['test', statement.test], ['body', statement.body]]
  return statement.kind === 'if' ? [['true', statement.onTrue], ['false', statement.onFalse]] : []
}

/** What looks at indices, calls something that may refuse, or need not end. */
const stopping: ReadonlySet<Statement['kind']> = new Set(['host', 'gather', 'scatter', 'while', 'stop'])

/** Whether a statement may end the program before its time. */
export const mayStop = (statement: Statement): boolean => stopping.has(statement.kind) || bodiesOf(statement).some(([, body]) => body.some(mayStop))
