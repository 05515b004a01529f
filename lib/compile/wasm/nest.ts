/**
 * The code of a loop nest. The loops are brought into a good order (`nest/arrange.ts`), the body is written in operations of
 * the machine (`nest/Term.ts`), what does not depend on a loop is done outside of it (`nest/schedule.ts`), and one loop fills the
 * lanes of vector registers. Its last points, when they are fewer than lanes, go through the same instructions, so that what
 * is computed for a point never depends on where it is.
 *
 * A sum of n terms is made of sums over stretches of its loops, in several lanes and registers, that are added up in the end.
 * Its error is bounded like that of a sum of some 2 √(n / lanes) terms, and the order is the same in every run.
 */
import { bytesPer, type Lane, type Nest, type Reduction, type Storage } from '../ir.js'
import type { WriteContext } from './context.js'
import type { FunctionBuilder } from './FunctionBuilder.js'
import { storeLanes } from './nest/access.js'
import { Accumulator, identityOf } from './nest/Accumulator.js'
import { arrange, type Form } from './nest/arrange.js'
import { Frame } from './nest/Frame.js'
import { lanesOf } from './nest/machine.js'
import { assignLevels, instancesOf, isAction, schedule, type Action, type Schedule, type Step } from './nest/schedule.js'
import { openPointer, Sites, type Pointer, type Site } from './nest/Site.js'
import { tiled } from './nest/tile.js'
import { TermBuilder } from './nest/Term.js'
import { Values } from './nest/Values.js'

/** Sums are cut into stretches of at least so many steps. */
const stretch = 64

/** So many steps are written for each instance in turn: what one of them waits for, a processor fills with the other's. */
const turn = 8

/** A loop of fewer steps than this has no sums of its own. */
const fewSteps = 8

/** Writes a nest into a function. */
export const writeNest = (context: WriteContext, f: FunctionBuilder, nest: Nest): void => {
  if (!nest.extents.includes(0)) for (const part of tiled(nest) ?? [nest]) new NestWriter(context, f, part).write()
  else for (const reduction of nest.reductions) if (!reduction.accumulate) writeNest(context, f, startOf(context, nest, reduction))
}

/** Stores what a reduction of nothing is. */
const startOf = ({ buffers }: WriteContext, { lane, extents }: Nest, { op, access }: Reduction): Nest => {
  const kept = extents.flatMap((_, axis) => (access.strides[axis] === 0 ? [] : [axis]))
  const { storage } = buffers[access.buffer]!
  const number = storage === 'bool' ? Number(op === 'min' || op === 'prod') : identityOf(op, lane === 'i32')
  const value: Lane = { op: 'constant', args: [], truth: false, value: number }
  return {
    kind: 'nest',
    lane,
    extents: kept.map((axis) => extents[axis]!),
    stores: [{ access: { ...access, strides: kept.map((axis) => access.strides[axis]!) }, value }],
    reductions: [],
  }
}

class NestWriter {
  readonly #context: WriteContext
  readonly #frame: Frame
  readonly #values: Values
  readonly #accumulators: ReadonlyArray<Accumulator>
  readonly #pointers: ReadonlyArray<Pointer>
  readonly #schedule: Schedule
  /** How many registers' worth of points the vectorised loop handles at a time. */
  readonly #instances: number
  /** Stores what reductions need to find. */
  readonly #starts: ReadonlyArray<Nest>

  constructor(context: WriteContext, f: FunctionBuilder, nest: Nest) {
    const { lane: type, extents, stores, reductions } = nest
    const storageOf = (buffer: number): Storage => context.buffers[buffer]!.storage
    const terms = new TermBuilder(type)
    const stored = stores.map(({ access, value }) => terms.term(value, storageOf(access.buffer) === 'bool'))
    const reduced = reductions.map(({ value }) => terms.term(value, false))
    const forms: ReadonlyArray<Form> = [
      ...terms.loads.map(({ lane }): Form => ({ kind: 'load', strides: lane.access!.strides })),
      ...stores.map(({ access }): Form => ({ kind: 'store', strides: access.strides })),
      ...reductions.map(({ access }): Form => ({ kind: 'reduction', strides: access.strides })),
      ...terms.indices.map(({ lane }): Form => ({ kind: 'index', strides: extents.map((_, axis) => Number(axis === lane.value)) })),
    ]
    const work = terms.order.length - terms.loads.length - terms.indices.length
    const lanes = lanesOf[type]
    const chain = terms.order.reduce((longest, term) => Math.max(longest, term.chain), 0)
    const moves = terms.loads.length + stores.length
    const loops = arrange(extents, forms, lanes, work)
    const { strides, vector } = loops
    let next = 0
    const sites = new Sites(context, vector)
    const loads = terms.loads.map(({ lane }) => sites.add(lane.access!, strides[next++]!))
    const storeSites = stores.map(({ access }) => sites.add(access, strides[next++]!))
    const reductionSites = reductions.map(({ access }) => sites.add(access, strides[next++]!))
    const indices = terms.indices.map(() => strides[next++]!)
    assignLevels(terms.order, (term) => (term.op === 'load' ? loads[term.site]!.strides : indices[term.site]!), loops)

    const depth = loops.extents.length
    this.#instances = instancesOf(nest, loops, { work, chain, moves }, vector < 0 ? 0 : Math.floor(loops.extents[vector]! / lanes))
    this.#context = context
    this.#frame = new Frame(context, f, type, loops)
    this.#values = new Values(this.#frame, loads, depth === 0 ? 3 : 1)
    this.#accumulators = reductions.map((reduction, k) => new Accumulator(reduction, reductionSites[k]!, this.#frame, this.#values))
    this.#starts = reductions.flatMap((reduction, k) => (this.#accumulators[k]!.joins && !reduction.accumulate ? [startOf(context, nest, reduction)] : []))
    this.#pointers = sites.pointers
    const overwritten = stores.length + reductions.length > 1 ? overlapping(context, loads, storeSites) : []
    const actions = [
      ...stored.map((value, k): Action => {
        const site = storeSites[k]!
        const level = Math.max(value.level, site.strides.findLastIndex((s) => s !== 0))
        return { value, site, accumulator: undefined, level, vector: value.vector || site.stride !== 0, late: overwritten[k] ?? false }
      }),
      ...reduced.map((value, k): Action => ({
        value,
        site: reductionSites[k]!,
        accumulator: this.#accumulators[k]!,
        level: depth - 1,
        vector: vector >= 0,
        late: false,
      })),
    ]
    this.#schedule = schedule(terms.order, actions, loops, this.#instances)
  }

  write(): void {
    const { f } = this.#frame
    for (const start of this.#starts) writeNest(this.#context, f, start)
    this.#frame.pointers = this.#pointers.map((pointer) => openPointer(this.#context, f, pointer))
    this.#inside(-1)
    for (const local of this.#frame.pointers) if (local >= 0) f.free(local)
  }

  /** What is done at each step of a loop, the loops inside included. */
  #inside(level: number): void {
    this.#values.scoped(() => {
      this.#block(level)
      if (level + 1 < this.#frame.loops.extents.length) this.#loop(level + 1)
    })
  }

  /** The steps of a level, for each instance of the body. */
  #block(level: number): void {
    const steps = this.#schedule[level + 1]!
    const { instances } = this.#frame
    if (instances === 1) for (const step of steps) this.#step(step, 0)
    else {
      for (const step of steps) if (!step.vector) this.#step(step, 0)
      const own = steps.filter(({ vector }) => vector)
      for (let from = 0; from < own.length; from += turn)
        for (let instance = 0; instance < instances; instance++) for (const step of own.slice(from, from + turn)) this.#step(step, instance)
    }
  }

  #step(step: Step, instance: number): void {
    if (!isAction(step)) this.#values.compute(step, instance)
    else {
      const value = (): void => this.#values.use(step.value, instance)
      if (step.accumulator === undefined) storeLanes(this.#frame, step.site, instance, value)
      else step.accumulator.update(instance, value)
    }
  }

  /** A loop, with the reductions that begin there and the sums of its own. */
  #loop(level: number): void {
    const { f, loops } = this.#frame
    const isVector = level === loops.vector
    const across = level <= loops.vector
    const beginning = this.#accumulators.filter((a) => a.level === level)
    for (const a of beginning) a.push(across ? this.#instances : this.#frame.instances)
    const extent = loops.extents[level]!
    const inner = extent < fewSteps ? [] : this.#accumulators.filter((a) => a.level < level && a.isSum)
    for (const a of inner) a.pushInner()
    const outer = this.#frame.pointers
    this.#frame.pointers = outer.map((local, k) => (this.#pointers[k]!.strides[level] === 0 ? local : this.#copied(local)))
    const counter = f.local('i32')
    this.#frame.counters[level] = counter
    f.i32(0).set(counter)
    if (isVector) this.#vectorRuns(level)
    else this.#run(level, extent, 1, true)
    f.free(counter)
    this.#frame.pointers.forEach((local, k) => local !== outer[k] && f.free(local))
    this.#frame.pointers = outer
    for (const a of inner) a.pop()
    for (const a of beginning) a.finish()
  }

  #copied(pointer: number): number {
    const { f } = this.#frame
    const local = f.local('i32')
    if (pointer < 0) f.i32(0)
    else f.get(pointer)
    f.set(local)
    return local
  }

  /** The loop that fills registers: as many at a time as there are instances, then one at a time, then what is left. */
  #vectorRuns(level: number): void {
    const frame = this.#frame
    const extent = frame.loops.extents[level]!
    const { lanes } = frame
    const full = Math.floor(extent / lanes)
    const many = Math.floor(full / this.#instances)
    const single = full - many * this.#instances
    const rest = extent - full * lanes
    frame.instances = this.#instances
    if (many > 0) this.#run(level, many, lanes * this.#instances, single === 0 && rest === 0)
    frame.instances = 1
    if (single > 0) this.#run(level, single, lanes, rest === 0)
    frame.active = rest
    if (rest > 0) this.#run(level, 1, lanes, true)
    frame.active = lanes
  }

  /** So many steps of `points` points, from where the counter stands. */
  #run(level: number, steps: number, points: number, last: boolean): void {
    const { f, counters } = this.#frame
    const counter = counters[level]!
    if (steps === 1) {
      this.#inside(level)
      if (!last) {
        this.#advance(level, points)
        f.increase(counter, points)
      }
      return
    }
    const step = (): void => {
      this.#inside(level)
      this.#advance(level, points)
      f.increase(counter, points)
    }
    const sums = this.#accumulators.filter((a) => a.level <= level && a.isSum)
    const to = f.local('i32')
    f.get(counter).i32(steps * points).op('i32.add').set(to)
    if (sums.length === 0 || steps < 2 * stretch) f.loop((again) => {
      step()
      f.get(counter).get(to).op('i32.lt_s').brIf(again)
    })
    else {
      const length = Math.max(stretch, Math.ceil(Math.sqrt(steps))) * points
      const end = f.local('i32')
      f.loop((stretches) => {
        for (const a of sums) a.pushInner()
        f.get(counter).i32(length).op('i32.add').tee(end).get(to).get(end).get(to).op('i32.lt_s').op('select').set(end)
        f.loop((again) => {
          step()
          f.get(counter).get(end).op('i32.lt_s').brIf(again)
        })
        for (const a of sums) a.pop()
        f.get(counter).get(to).op('i32.lt_s').brIf(stretches)
      })
      f.free(end)
    }
    f.free(to)
  }

  #advance(level: number, points: number): void {
    const { f, pointers } = this.#frame
    this.#pointers.forEach(({ strides }, k) => {
      if (strides[level] !== 0) f.increase(pointers[k]!, strides[level]! * points)
    })
  }
}

/** Which stores overwrite memory that something is loaded from. */
const overlapping = ({ buffers, plan }: WriteContext, loads: ReadonlyArray<Site>, stores: ReadonlyArray<Site>): ReadonlyArray<boolean> => {
  const range = (buffer: number): readonly [from: number, to: number] => {
    const { storage, size } = buffers[buffer]!
    return [plan.offsets[buffer]!, plan.offsets[buffer]! + size * bytesPer[storage]]
  }
  const read = [...new Set(loads.map(({ access }) => access.buffer))].map(range)
  return stores.map(({ access }) => {
    const [from, to] = range(access.buffer)
    return read.some(([start, end]) => start < to && from < end)
  })
}
