/**
 * Nests that read along one axis what they write along another, such as transpositions. Their innermost loop is cut into
 * tiles, and the tiles become the outermost loop, so that each line of memory that is fetched is used up before it is
 * needed no more.
 */
import type { Access, Lane, Nest } from '../../ir.js'

/** Points of a tile: half as many as lines fit one set of the nearest cache, where lines at powers of two meet. */
const tilePoints = 8

/** Rows of so few points stay in the nearest cache anyway. */
const fewPoints = 64

/** Beyond so many lanes, moving elements is not what takes the time. */
const manyLanes = 24

/** The nest in two parts, one of whole tiles and one of the points that remain; `undefined` if that would not help. */
export const tiled = (nest: Nest): ReadonlyArray<Nest> | undefined => {
  const { extents, stores, reductions } = nest
  if (reductions.length > 0 || stores.length === 0 || extents.length < 2) return undefined
  const axis = tiledAxis(nest)
  if (axis === undefined) return undefined
  const whole = Math.floor(extents[axis]! / tilePoints) * tilePoints
  const parts = [part(nest, (access) => split(access, axis), [extents[axis]! / tilePoints | 0, ...extents.slice(0, axis), ...extents.slice(axis + 1), tilePoints])]
  if (whole < extents[axis]!) {
    const from = (access: Access): Access => ({ ...access, offset: access.offset + whole * access.strides[axis]! })
    parts.push(part(nest, from, extents.map((n, k) => (k === axis ? n - whole : n))))
  }
  return parts
}

/** An axis along which results lie side by side, while something that is read does so along another one. */
const tiledAxis = ({ extents, stores }: Nest): number | undefined => {
  const axis = extents.findIndex((n, k) => n > fewPoints && stores.every(({ access }) => access.strides[k] === 1))
  if (axis < 0) return undefined
  const lanes = lanesIn(stores.map(({ value }) => value))
  if (lanes === undefined || lanes.some(({ op }) => op === 'index')) return undefined
  const crosses = ({ access }: Lane): boolean =>
    access !== undefined && Math.abs(access.strides[axis]!) > 1 && access.strides.some((s, k) => Math.abs(s) === 1 && extents[k]! > 1)
  return lanes.some(crosses) ? axis : undefined
}

/** All lanes below these; `undefined` if they are many. */
const lanesIn = (roots: ReadonlyArray<Lane>): ReadonlyArray<Lane> | undefined => {
  const found = new Set(roots)
  for (const lane of found) {
    if (found.size > manyLanes) return undefined
    for (const x of lane.args) found.add(x)
  }
  return [...found]
}

/** The axis becomes two: the first one counts tiles, the last one points in a tile. */
const split = (access: Access, axis: number): Access => {
  const { strides } = access
  const stride = strides[axis]!
  return { ...access, strides: [stride * tilePoints, ...strides.slice(0, axis), ...strides.slice(axis + 1), stride] }
}

/** The nest over other axes. */
const part = ({ kind, lane, stores }: Nest, move: (access: Access) => Access, extents: ReadonlyArray<number>): Nest => {
  const moved = new Map<Lane, Lane>()
  const rebuilt = (x: Lane): Lane => {
    const known = moved.get(x)
    if (known !== undefined) return known
    const made = x.access === undefined ? { ...x, args: x.args.map(rebuilt) } : { ...x, access: move(x.access) }
    moved.set(x, made)
    return made
  }
  return { kind, lane, extents, stores: stores.map(({ access, value }) => ({ access: move(access), value: rebuilt(value) })), reductions: [] }
}
