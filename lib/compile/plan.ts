/**
 * The memory plan: every buffer at a fixed place of one memory. Two buffers share a place if they are never alive together: a
 * temporary lives from the first statement that writes it to the last one that reads it, and through the whole of a loop if
 * its content goes from one round to the next.
 */
import { bytesPer, type LoopProgram, type MemoryPlan, type Statement } from './ir.js'
import { touched } from './touch.js'

/** A plan, with the least that any plan of the same order of statements needs. */
export interface Planned extends MemoryPlan {
  /** The bytes of arguments, constants and results, which have places of their own. */
  readonly held: number
  /** The most bytes of temporaries that are alive at a time. */
  readonly alive: number
}

interface Life {
  start: number
  end: number
}

/** A stretch of statements that is run over and over. */
interface Round {
  readonly start: number
  readonly end: number
}

const align = (bytes: number): number => Math.ceil(bytes / 16) * 16

/** The time of the first and last use of every buffer. */
const livesOf = ({ buffers, statements }: LoopProgram): ReadonlyArray<Life | undefined> => {
  const lives = new Array<Life | undefined>(buffers.length)
  const uses: Array<{ readonly buffer: number; readonly at: number; readonly reads: boolean }> = []
  const rounds: Array<Round> = []
  let now = 0
  const walk = (list: ReadonlyArray<Statement>): void => list.forEach(visit)
  const note = (statement: Statement): void => {
    const { read, written } = touched(statement)
    for (const { buffer } of read) uses.push({ buffer, at: now, reads: true })
    for (const { buffer } of written) uses.push({ buffer, at: now, reads: false })
    now++
  }
  const visit = (statement: Statement): void => {
    const start = now
    if (statement.kind === 'repeat') walk(statement.body)
    else if (statement.kind === 'while') {
      walk(statement.test)
      uses.push({ buffer: statement.flag.buffer, at: now++, reads: true })
      walk(statement.body)
    } else if (statement.kind === 'if') {
      uses.push({ buffer: statement.flag.buffer, at: now++, reads: true })
      walk(statement.onTrue)
      walk(statement.onFalse)
    } else note(statement)
    if (statement.kind === 'repeat' || statement.kind === 'while') rounds.push({ start, end: now - 1 })
  }
  walk(statements)

  const firstIsRead = new Uint8Array(buffers.length)
  for (const { buffer, at, reads } of uses) {
    const life = lives[buffer]
    if (life === undefined) {
      lives[buffer] = { start: at, end: at }
      firstIsRead[buffer] = reads ? 1 : 0
    } else life.end = at
  }
  // Inner loops come first, so a life grows outwards.
  for (const { start, end } of rounds) {
    for (const [buffer, life] of lives.entries()) {
      if (life === undefined || life.end < start || life.start > end) continue
      const within = life.start >= start && life.end <= end
      if (within && firstIsRead[buffer] === 0) continue
      life.start = Math.min(life.start, start)
      life.end = Math.max(life.end, end)
    }
  }
  return lives
}

/** The lowest place for `size` bytes between those that are taken, which are sorted. */
const lowest = (taken: ReadonlyArray<readonly [from: number, to: number]>, size: number): number => {
  let at = 0
  for (const [from, to] of taken) {
    if (at + size <= from) break
    at = Math.max(at, to)
  }
  return at
}

/** How many temporaries are placed with an eye on all others; more of them would take too long. */
const carefulLimit = 512

type Lives = ReadonlyArray<Life | undefined>

/** The largest choose first, each the lowest place that is free during its life. Returns the bytes that are taken. */
const placeCarefully = (buffers: ReadonlyArray<number>, lives: Lives, bytes: ReadonlyArray<number>, offsets: Array<number>): number => {
  const placed: Array<number> = []
  let top = 0
  for (const i of [...buffers].sort((a, b) => bytes[b]! - bytes[a]! || a - b)) {
    const { start, end } = lives[i]!
    const taken = placed
      .filter((j) => lives[j]!.start <= end && lives[j]!.end >= start)
      .map((j) => [offsets[j]!, offsets[j]! + bytes[j]!] as const)
      .sort(([a], [b]) => a - b)
    offsets[i] = lowest(taken, bytes[i]!)
    top = Math.max(top, offsets[i]! + bytes[i]!)
    placed.push(i)
  }
  return top
}

/** In the order of their lives, each a place of its size that is free by then. */
const placeQuickly = (buffers: ReadonlyArray<number>, lives: Lives, bytes: ReadonlyArray<number>, offsets: Array<number>): number => {
  const free = new Map<number, Array<number>>()
  const byEnd = [...buffers].sort((a, b) => lives[a]!.end - lives[b]!.end)
  let [ended, top] = [0, 0]
  for (const i of [...buffers].sort((a, b) => lives[a]!.start - lives[b]!.start)) {
    for (; lives[byEnd[ended]!]!.end < lives[i]!.start; ended++) {
      const j = byEnd[ended]!
      const places = free.get(bytes[j]!)
      if (places === undefined) free.set(bytes[j]!, [offsets[j]!])
      else places.push(offsets[j]!)
    }
    const place = free.get(bytes[i]!)?.pop()
    offsets[i] = place ?? top
    if (place === undefined) top += bytes[i]!
  }
  return top
}

/** Places for all buffers from `base` on. */
export const planMemory = (program: LoopProgram, base = 0): Planned => {
  const { buffers } = program
  const offsets = new Array<number>(buffers.length).fill(0)
  const bytes = buffers.map(({ storage, size }) => align(size * bytesPer[storage]))
  let held = base
  buffers.forEach(({ role }, i) => {
    if (role === 'temporary') return
    offsets[i] = held
    held += bytes[i]!
  })
  const lives = livesOf(program)
  const temporaries = buffers.flatMap(({ role }, i) => (role === 'temporary' && lives[i] !== undefined && bytes[i]! > 0 ? [i] : []))
  const top = (temporaries.length > carefulLimit ? placeQuickly : placeCarefully)(temporaries, lives, bytes, offsets)
  for (const i of temporaries) offsets[i] = held + offsets[i]!
  return { offsets, size: held + top, held: held - base, alive: mostAlive(temporaries.map((i) => ({ ...lives[i]!, bytes: bytes[i]! }))) }
}

/** The most bytes that are alive at one time. */
const mostAlive = (lives: ReadonlyArray<Life & { readonly bytes: number }>): number => {
  const changes = lives.flatMap(({ start, end, bytes }) => [[start, bytes] as const, [end + 1, -bytes] as const])
  changes.sort(([a, x], [b, y]) => a - b || x - y)
  let [alive, most] = [0, 0]
  for (const [, change] of changes) most = Math.max(most, (alive += change))
  return most
}
