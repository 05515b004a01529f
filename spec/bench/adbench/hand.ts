/** Hand tracking: how far a skinned hand model is from measured points, and the dense Jacobian by pose. */
import { add, at, concat, cos, div, expandDims, eye, jacobian, less, matmul, mul, outer, reshape, sin, slice, sqrt, stack, sub, sum, take, tensor, transpose, unstack, vdot, where, zeros, zerosLike, onesLike, type Node } from '../../../lib/index.js'
import type { Hand } from './data.js'

/** A pose: the rotation vector and the translation of the hand, `[3]` each, and four angles for each finger, `[20]`. */
export interface Pose {
  readonly rotation: Node
  readonly translation: Node
  readonly angles: Node
}

/** A pose, and `[2]` numbers that move all points within their triangles together, at which the Jacobian is taken: zeros. */
interface Shifted extends Pose {
  readonly shift: Node
}

const fingers = 5
const bones = 22
/** The bones of the fingers beyond the first of each, and the bones that no angle moves. */
const moving = Array.from({ length: fingers }, (_, f) => [4 * f + 2, 4 * f + 3, 4 * f + 4]).flat()
const still = Array.from({ length: bones }, (_, bone) => bone).filter((bone) => !moving.includes(bone))

/** The rotation matrix of a rotation vector; of a very short one that of none, with derivative 0, by convention. */
const rotationOf = (r: Node): Node => {
  const squared = vdot(r, r)
  const short = less(squared, 1e-8)
  const safe = where(short, 1, squared)
  const angle = sqrt(safe)
  const [x, y, z] = unstack(r) as readonly [Node, Node, Node]
  const o = zerosLike(x)
  const turn = reshape(stack([o, sub(0, z), y, z, o, sub(0, x), sub(0, y), x, o]), [3, 3])
  const full = add(mul(eye(3), cos(angle)), add(mul(turn, div(sin(angle), angle)), mul(outer(r, r), div(sub(1, cos(angle)), safe))))
  return where(short, eye(3), full)
}

/** Matrices `[count, 4, 4]` of rows of numbers `[count]`. */
const matrices = (rows: ReadonlyArray<Node>): Node => reshape(stack(rows, { axis: 1 }), [rows[0]!.shape[0]!, 4, 4])

/** Rotations about the x axis, and about the z axis after it. */
const bend = (x: Node): Node => {
  const [o, i, c, s] = [zerosLike(x), onesLike(x), cos(x), sin(x)]
  return matrices([i, o, o, o, o, c, sub(0, s), o, o, s, c, o, o, o, o, i])
}
const spread = (z: Node): Node => {
  const [o, i, c, s] = [zerosLike(z), onesLike(z), cos(z), sin(z)]
  return matrices([c, sub(0, s), o, o, s, c, o, o, o, o, i, o, o, o, o, i])
}

/** The upper rows of transformations `[count, 4, 4]` beside one another, `[3, 4 count]`. */
const flat = (transformations: Node): Node => reshape(transpose(slice(transformations, [[], [0, 3]]), [1, 0, 2]), [3, 4 * transformations.shape[0]!])

/** The residuals alone, `[n, 3]`, or with the Jacobian, `[3 n, 26]`, or 28 with the places in the triangles in front. */
export const tracking = ({ base, inverse, corners, weights, targets, inTriangle }: Hand) => {
  const n = targets.length / 3
  const sets = corners.length / 4 / n
  const relative = tensor(base, { shape: [bones, 4, 4] })
  const unrest = tensor(inverse, { shape: [bones, 4, 4] })
  const joints = reshape(slice(relative, [[1, 21]]), [fingers, 4, 4, 4])
  const joint = (k: number): Node => slice(joints, [[], k])
  const wrist = at(relative, 0)
  const knuckles = matmul(wrist, joint(0))
  const forearm = matmul(wrist, at(relative, 21))
  // What each corner has in the frame of each bone: its coordinates times its weight.
  const influence = mul(expandDims(tensor(weights, { shape: [sets * n, bones] }), 2), expandDims(tensor(corners, { shape: [sets * n, 4] }), 1))
  const surface = reshape(transpose(influence, [1, 2, 0]), [bones, 4, sets, n])

  /** The transformations of the moving bones from rest, `[15, 4, 4]`. */
  const posed = (angles: Node): Node => {
    const [x1, z1, x2, x3] = unstack(reshape(angles, [fingers, 4]), { axis: 1 }) as readonly [Node, Node, Node, Node]
    const first = matmul(matmul(knuckles, joint(1)), matmul(spread(z1), bend(x1)))
    const second = matmul(matmul(first, joint(2)), bend(x2))
    const third = matmul(matmul(second, joint(3)), bend(x3))
    return matmul(reshape(stack([first, second, third], { axis: 1 }), [3 * fingers, 4, 4]), take(unrest, moving, { axis: 0 }))
  }
  const unposed = matmul(concat([expandDims(wrist, 0), knuckles, expandDims(forearm, 0)]), take(unrest, still, { axis: 0 }))

  /** The compared points in the frames of some bones, `[4 count, n]`: corners, or places between three of them. */
  const points = (of: ReadonlyArray<number>, shift: Node): Node => {
    const all = reshape(take(surface, of, { axis: 0 }), [4 * of.length, sets, n])
    if (inTriangle === undefined) return reshape(all, [4 * of.length, n])
    const [u, v] = unstack(add(tensor(inTriangle, { shape: [n, 2] }), shift), { axis: 1 }) as readonly [Node, Node]
    return sum(mul(all, stack([u, v, sub(sub(1, u), v)])), { axis: 1 })
  }

  const deviation = ({ shift, rotation, translation, angles }: Shifted): Node => {
    const skinned = add(matmul(flat(posed(angles)), points(moving, shift)), matmul(flat(unposed), points(still, shift)))
    const placed = add(matmul(rotationOf(rotation), skinned), expandDims(translation, 1))
    return sub(tensor(targets, { shape: [n, 3] }), transpose(placed))
  }

  const residuals = (pose: Pose): Node => deviation({ ...pose, shift: zeros(2) })
  const withJacobian = (pose: Pose): { readonly residuals: Node; readonly columns: Node } => {
    const { shift, ...blocks } = jacobian(deviation, { mode: 'forward' })({ ...pose, shift: zeros(2) })
    const { rotation, translation, angles } = blocks
    return {
      residuals: residuals(pose),
      columns: concat([...(inTriangle === undefined ? [] : [shift]), rotation, translation, angles], { axis: 2 }),
    }
  }
  return { residuals, withJacobian }
}
