/** Hand tracking as a person writes it: tangents of the bones by every angle, and one loop over the points. */
import type { Hand } from './data.js'

const bones = 22
const angles = 20

/** Arrays for the results, which every run fills anew. */
export interface PlainTracking {
  readonly residuals: Float64Array
  readonly columns: Float64Array
}

/** Which bones move a point: a list of bones, each with the weighted corners in its frame. */
interface Influences {
  /** Where the list of each point begins; the last number is where the last one ends. */
  readonly starts: Int32Array
  readonly bone: Int32Array
  /** For each bone in the lists `sets` corners of 4 numbers. */
  readonly corner: Float64Array
}

const influencesOf = ({ corners, weights }: Hand, n: number, sets: number): Influences => {
  const starts = [0]
  const bone: Array<number> = []
  const corner: Array<number> = []
  for (let i = 0; i < n; i++) {
    for (let b = 0; b < bones; b++) {
      const of = Array.from({ length: sets }, (_, set) => set * n + i)
      if (of.every((at) => weights[at * bones + b] === 0)) continue
      bone.push(b)
      corner.push(...of.flatMap((at) => [0, 1, 2, 3].map((k) => weights[at * bones + b]! * corners[4 * at + k]!)))
    }
    starts.push(bone.length)
  }
  return { starts: Int32Array.from(starts), bone: Int32Array.from(bone), corner: Float64Array.from(corner) }
}

/** `c = a · b` for the upper three rows of 4×4 matrices whose last row is 0 0 0 1, or 0 0 0 0 for tangents (`unit` 0). */
const multiply = (a: Float64Array, i: number, b: Float64Array, j: number, c: Float64Array, k: number, unit: number): void => {
  for (let row = 0; row < 3; row++) {
    const a0 = a[i + 4 * row]!
    const a1 = a[i + 4 * row + 1]!
    const a2 = a[i + 4 * row + 2]!
    for (let column = 0; column < 4; column++) {
      const last = column === 3 ? unit * a[i + 4 * row + 3]! : 0
      c[k + 4 * row + column] = a0 * b[j + column]! + a1 * b[j + 4 + column]! + a2 * b[j + 8 + column]! + last
    }
  }
}

/** Rotation about x by `x` and then about z by `z`; or its tangent by one of them. */
const rotate = (x: number, z: number, by: 'none' | 'x' | 'z', to: Float64Array): void => {
  const c = by === 'x' ? -Math.sin(x) : Math.cos(x)
  const s = by === 'x' ? Math.cos(x) : Math.sin(x)
  const d = by === 'z' ? -Math.sin(z) : Math.cos(z)
  const t = by === 'z' ? Math.cos(z) : Math.sin(z)
  const keepsX = by === 'x' ? 0 : 1
  to[0] = keepsX * d
  to[1] = -t * c
  to[2] = t * s
  to[4] = keepsX * t
  to[5] = d * c
  to[6] = -d * s
  to[8] = 0
  to[9] = by === 'z' ? 0 : s
  to[10] = by === 'z' ? 0 : c
}

/**
 * How the residuals and the Jacobian are computed. `moved` looks at the columns of a point's own fingers alone; `all` at every
 * column for every bone, as a program without knowledge of the hand has to.
 */
export const plainTracking = (hand: Hand, columnsOf: 'moved' | 'all'): { readonly residuals: (out: PlainTracking) => void; readonly withJacobian: (out: PlainTracking) => void } => {
  const { base, inverse, targets, inTriangle, theta } = hand
  const n = targets.length / 3
  const sets = inTriangle === undefined ? 1 : 3
  const width = inTriangle === undefined ? 26 : 28
  const { starts, bone, corner } = influencesOf(hand, n, sets)
  const place = new Float64Array(bones * 12)
  const skin = new Float64Array(bones * 12)
  const tangents = new Float64Array(bones * angles * 12)
  const turn = new Float64Array(12)
  const step = new Float64Array(12)
  const moved = new Float64Array(12)
  const global = new Float64Array(9)
  const slopes = new Float64Array(27)
  const pulls = new Float64Array(angles * 3)
  const touched = new Uint8Array(5)

  /** The bones as the angles place them, from rest. */
  const pose = (): void => {
    for (let k = 0; k < 12; k++) place[k] = base[k]!
    for (let b = 1; b < bones; b++) {
      const finger = b === 21 ? 5 : (b - 1) >> 2
      const joint = b === 21 ? 0 : (b - 1) & 3
      const from = joint === 0 ? 0 : 12 * (b - 1)
      if (joint === 0) multiply(place, from, base, 16 * b, place, 12 * b, 1)
      else {
        const angle = 6 + 4 * finger + (joint === 1 ? 0 : joint)
        rotate(theta[angle]!, joint === 1 ? theta[angle + 1]! : 0, 'none', turn)
        multiply(place, from, base, 16 * b, step, 0, 1)
        multiply(step, 0, turn, 0, place, 12 * b, 1)
      }
    }
    for (let b = 0; b < bones; b++) multiply(place, 12 * b, inverse, 16 * b, skin, 12 * b, 1)
  }

  /** Their tangents by each angle: of the bone it turns, and of those behind it. */
  const poseTangents = (): void => {
    for (let finger = 0; finger < 5; finger++)
      for (let k = 0; k < 4; k++) {
        const column = 4 * finger + k
        const first = k < 2 ? 1 : k
        for (let joint = first; joint < 4; joint++) {
          const b = 4 * finger + 1 + joint
          const angle = 6 + 4 * finger + (joint === 1 ? 0 : joint)
          const turned = joint === first
          rotate(theta[angle]!, joint === 1 ? theta[angle + 1]! : 0, turned ? (k === 1 ? 'z' : 'x') : 'none', turn)
          if (turned) multiply(place, 12 * (b - 1), base, 16 * b, step, 0, 1)
          else multiply(moved, 0, base, 16 * b, step, 0, 1)
          multiply(step, 0, turn, 0, moved, 0, turned ? 0 : 1)
          multiply(moved, 0, inverse, 16 * b, tangents, 12 * (b * angles + column), 1)
        }
      }
  }

  /** The rotation of the hand, and its derivatives by the rotation vector. */
  const rotateGlobal = (): void => {
    const squared = theta[0]! * theta[0]! + theta[1]! * theta[1]! + theta[2]! * theta[2]!
    const short = squared < 1e-8
    const angle = Math.sqrt(squared)
    const c = short ? 1 : Math.cos(angle)
    const a = short ? 0 : Math.sin(angle) / angle
    const b = short ? 0 : (1 - c) / squared
    const da = short ? 0 : (c - a) / squared
    const db = short ? 0 : (a - 2 * b) / squared
    for (let i = 0; i < 3; i++)
      for (let j = 0; j < 3; j++) {
        const cross = crossing(i, j)
        const spin = cross === 0 ? 0 : Math.sign(cross) * theta[Math.abs(cross) - 1]!
        const both = theta[i]! * theta[j]!
        global[3 * i + j] = (i === j ? c : 0) + a * spin + b * both
        for (let k = 0; k < 3; k++) {
          const along = theta[k]! * ((i === j ? -a : 0) + da * spin + db * both)
          const across = Math.abs(cross) - 1 === k ? a * Math.sign(cross) : 0
          slopes[9 * k + 3 * i + j] = along + across + b * ((i === k ? theta[j]! : 0) + (j === k ? theta[i]! : 0))
        }
      }
  }

  const run = (out: PlainTracking, withJacobian: boolean): void => {
    const { residuals, columns } = out
    pose()
    if (withJacobian) poseTangents()
    rotateGlobal()
    const g0 = global[0]!
    const g1 = global[1]!
    const g2 = global[2]!
    const g3 = global[3]!
    const g4 = global[4]!
    const g5 = global[5]!
    const g6 = global[6]!
    const g7 = global[7]!
    const g8 = global[8]!
    for (let i = 0; i < n; i++) {
      let p0 = 0
      let p1 = 0
      let p2 = 0
      // By the two places in the triangle.
      let a0 = 0
      let a1 = 0
      let a2 = 0
      let b0 = 0
      let b1 = 0
      let b2 = 0
      const u = inTriangle === undefined ? 0 : inTriangle[2 * i]!
      const v = inTriangle === undefined ? 0 : inTriangle[2 * i + 1]!
      if (withJacobian) {
        pulls.fill(0)
        touched.fill(0)
      }
      for (let e = starts[i]!; e < starts[i + 1]!; e++) {
        const at = 12 * bone[e]!
        const t0 = skin[at]!
        const t1 = skin[at + 1]!
        const t2 = skin[at + 2]!
        const t3 = skin[at + 3]!
        const t4 = skin[at + 4]!
        const t5 = skin[at + 5]!
        const t6 = skin[at + 6]!
        const t7 = skin[at + 7]!
        const t8 = skin[at + 8]!
        const t9 = skin[at + 9]!
        const t10 = skin[at + 10]!
        const t11 = skin[at + 11]!
        const from = 4 * sets * e
        let x = corner[from]!
        let y = corner[from + 1]!
        let z = corner[from + 2]!
        let w = corner[from + 3]!
        if (sets === 3) {
          const cx = corner[from + 8]!
          const cy = corner[from + 9]!
          const cz = corner[from + 10]!
          const cw = corner[from + 11]!
          const ax = x - cx
          const ay = y - cy
          const az = z - cz
          const aw = w - cw
          const bx = corner[from + 4]! - cx
          const by = corner[from + 5]! - cy
          const bz = corner[from + 6]! - cz
          const bw = corner[from + 7]! - cw
          if (withJacobian) {
            a0 += t0 * ax + t1 * ay + t2 * az + t3 * aw
            a1 += t4 * ax + t5 * ay + t6 * az + t7 * aw
            a2 += t8 * ax + t9 * ay + t10 * az + t11 * aw
            b0 += t0 * bx + t1 * by + t2 * bz + t3 * bw
            b1 += t4 * bx + t5 * by + t6 * bz + t7 * bw
            b2 += t8 * bx + t9 * by + t10 * bz + t11 * bw
          }
          x = cx + u * ax + v * bx
          y = cy + u * ay + v * by
          z = cz + u * az + v * bz
          w = cw + u * aw + v * bw
        }
        p0 += t0 * x + t1 * y + t2 * z + t3 * w
        p1 += t4 * x + t5 * y + t6 * z + t7 * w
        p2 += t8 * x + t9 * y + t10 * z + t11 * w
        if (!withJacobian) continue
        const b = bone[e]!
        const dense = columnsOf === 'all'
        if (!dense && (b === 0 || b === 21)) continue
        const finger = dense ? 0 : (b - 1) >> 2
        if (!dense) touched[finger] = 1
        const first = 4 * finger
        const last = dense ? angles : first + 4
        for (let column = first; column < last; column++) {
          const d = 12 * (b * angles + column)
          pulls[3 * column]! += tangents[d]! * x + tangents[d + 1]! * y + tangents[d + 2]! * z + tangents[d + 3]! * w
          pulls[3 * column + 1]! += tangents[d + 4]! * x + tangents[d + 5]! * y + tangents[d + 6]! * z + tangents[d + 7]! * w
          pulls[3 * column + 2]! += tangents[d + 8]! * x + tangents[d + 9]! * y + tangents[d + 10]! * z + tangents[d + 11]! * w
        }
      }
      residuals[3 * i] = targets[3 * i]! - (g0 * p0 + g1 * p1 + g2 * p2 + theta[3]!)
      residuals[3 * i + 1] = targets[3 * i + 1]! - (g3 * p0 + g4 * p1 + g5 * p2 + theta[4]!)
      residuals[3 * i + 2] = targets[3 * i + 2]! - (g6 * p0 + g7 * p1 + g8 * p2 + theta[5]!)
      if (!withJacobian) continue

      let to = 3 * i * width
      if (sets === 3) {
        columns[to] = -(g0 * a0 + g1 * a1 + g2 * a2)
        columns[to + 1] = -(g0 * b0 + g1 * b1 + g2 * b2)
        columns[to + width] = -(g3 * a0 + g4 * a1 + g5 * a2)
        columns[to + width + 1] = -(g3 * b0 + g4 * b1 + g5 * b2)
        columns[to + 2 * width] = -(g6 * a0 + g7 * a1 + g8 * a2)
        columns[to + 2 * width + 1] = -(g6 * b0 + g7 * b1 + g8 * b2)
        to += 2
      }
      for (let k = 0; k < 3; k++) {
        const s = 9 * k
        columns[to + k] = -(slopes[s]! * p0 + slopes[s + 1]! * p1 + slopes[s + 2]! * p2)
        columns[to + width + k] = -(slopes[s + 3]! * p0 + slopes[s + 4]! * p1 + slopes[s + 5]! * p2)
        columns[to + 2 * width + k] = -(slopes[s + 6]! * p0 + slopes[s + 7]! * p1 + slopes[s + 8]! * p2)
        columns[to + k * width + 3 + k] = -1
      }
      to += 6
      for (let finger = 0; finger < 5; finger++) {
        if (columnsOf === 'moved' && touched[finger] === 0) continue
        for (let column = 4 * finger; column < 4 * finger + 4; column++) {
          const d0 = pulls[3 * column]!
          const d1 = pulls[3 * column + 1]!
          const d2 = pulls[3 * column + 2]!
          columns[to + column] = -(g0 * d0 + g1 * d1 + g2 * d2)
          columns[to + width + column] = -(g3 * d0 + g4 * d1 + g5 * d2)
          columns[to + 2 * width + column] = -(g6 * d0 + g7 * d1 + g8 * d2)
        }
      }
    }
  }
  return { residuals: (out) => run(out, false), withJacobian: (out) => run(out, true) }
}

/** Which number of a rotation vector stands at a place of its matrix of cross products, counted from 1; negative, or 0 for none. */
const crossing = (i: number, j: number): number => (i === j ? 0 : (j - i + 3) % 3 === 1 ? -(4 - i - j) : 4 - i - j)

/** Arrays for the results. */
export const roomForTracking = ({ targets, inTriangle }: Hand): PlainTracking => ({
  residuals: new Float64Array(targets.length),
  columns: new Float64Array(targets.length * (inTriangle === undefined ? 26 : 28)),
})
