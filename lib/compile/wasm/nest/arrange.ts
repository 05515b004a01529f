/**
 * The order of the loops of a nest. The points of a nest may be visited in any order, so axes are dropped, joined and
 * moved until the innermost loops run along memory, and one of them is chosen to fill the lanes of registers.
 */

/** How something depends on the axes of a nest: by a stride for each. */
export interface Form {
  readonly kind: 'load' | 'store' | 'reduction' | 'index'
  readonly strides: ReadonlyArray<number>
}

export interface Loops {
  /** How often each loop runs, the outermost first. */
  readonly extents: ReadonlyArray<number>
  /** The strides of each form along these loops. */
  readonly strides: ReadonlyArray<ReadonlyArray<number>>
  /** The loop whose points fill the lanes of a register; -1 if there are no loops. */
  readonly vector: number
}

/** What reading or writing one register costs, in instructions, if neighbouring lanes are `stride` apart. */
const costOf = ({ kind, strides }: Form, axis: number, lanes: number, vectors: number): number => {
  const stride = strides[axis]!
  if (kind === 'index') return stride === 0 ? 0 : 1
  if (kind === 'reduction') return stride === 0 ? 1 + 8 / vectors : stride === 1 ? 1.5 : 2 * lanes
  if (stride === 0) return kind === 'load' ? 0 : 1
  if (stride === 1) return 1
  return stride === -1 ? 2 : kind === 'load' ? lanes : 1.5 * lanes
}

/** The axis that is cheapest to vectorise; the innermost of those. `work` counts the operations on a point. */
const chooseVector = (extents: ReadonlyArray<number>, forms: ReadonlyArray<Form>, lanes: number, work: number): number => {
  let best = -1
  let least = Infinity
  for (let axis = extents.length - 1; axis >= 0; axis--) {
    const vectors = Math.ceil(extents[axis]! / lanes)
    let cost = work + 1
    for (const form of forms) cost += costOf(form, axis, lanes, vectors)
    cost *= vectors / extents[axis]!
    if (cost < 0.99 * least) {
      least = cost
      best = axis
    }
  }
  return best
}

/** The loops of a nest without empty axes. */
export const arrange = (extents: ReadonlyArray<number>, forms: ReadonlyArray<Form>, lanes: number, work: number): Loops => {
  if (extents.length === 0) return { extents, strides: forms.map(({ strides }) => strides), vector: -1 }
  const joined = join(extents, forms, byReach(extents, forms))
  const moved = forms.map((form, k) => ({ ...form, strides: joined.strides[k]! }))
  const vector = chooseVector(joined.extents, moved, lanes, work)
  // Axes that every reduction sums over go inside, so that sums stay in registers.
  const summed = joined.extents.map((_, axis) => moved.every(({ kind, strides }) => kind === 'load' || kind === 'index' || (kind === 'reduction' && strides[axis] === 0)))
  const inner = joined.extents.flatMap((_, axis) => (summed[axis]! && axis !== vector ? [axis] : []))
  const outer = joined.extents.flatMap((_, axis) => (summed[axis]! || axis === vector ? [] : [axis]))
  const order = vector < 0 ? [] : summed[vector]! ? [...outer, ...inner, vector] : [...outer, vector, ...inner]
  return {
    extents: order.map((axis) => joined.extents[axis]!),
    strides: joined.strides.map((strides) => order.map((axis) => strides[axis]!)),
    vector: order.indexOf(vector),
  }
}

/** Axes with more than one point, those along which memory is farthest apart first. */
const byReach = (extents: ReadonlyArray<number>, forms: ReadonlyArray<Form>): ReadonlyArray<number> => {
  const reach = extents.map((_, axis) => forms.reduce((sum, { kind, strides }) => (kind === 'index' ? sum : sum + Math.abs(strides[axis]!)), 0))
  const axes = extents.flatMap((n, axis) => (n === 1 ? [] : [axis]))
  return axes.sort((a, b) => reach[b]! - reach[a]! || a - b)
}

/** Neighbours become one axis where every form steps from the end of the inner one to its beginning as it steps elsewhere. */
const join = (extents: ReadonlyArray<number>, forms: ReadonlyArray<Form>, order: ReadonlyArray<number>) => {
  const lengths: Array<number> = []
  const strides: ReadonlyArray<Array<number>> = forms.map(() => [])
  for (const axis of order) {
    const last = lengths.length - 1
    const n = extents[axis]!
    const joins = last >= 0 && forms.every((form, k) => strides[k]![last] === form.strides[axis]! * n)
    if (joins) lengths[last]! *= n
    else lengths.push(n)
    const at = joins ? last : last + 1
    forms.forEach((form, k) => (strides[k]![at] = form.strides[axis]!))
  }
  return { extents: lengths, strides }
}
