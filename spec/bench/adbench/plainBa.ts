/** Bundle adjustment and its Jacobian as a person writes them: one loop over the observations. */
import type { Ba } from './data.js'

/** Arrays for the results, which every run fills anew. */
export interface PlainAdjustment {
  readonly deviations: Float64Array
  readonly penalties: Float64Array
  readonly blocks: Float64Array
  readonly slopes: Float64Array
}

export const roomFor = ({ p }: Ba): PlainAdjustment => ({
  deviations: new Float64Array(2 * p),
  penalties: new Float64Array(p),
  blocks: new Float64Array(30 * p),
  slopes: new Float64Array(p),
})

/** The residuals alone. */
export const plainResiduals = ({ p, cameras, points, weights, cameraOf, pointOf, features }: Ba, { deviations, penalties }: PlainAdjustment): void => {
  for (let i = 0; i < p; i++) {
    const cam = 11 * cameraOf[i]!
    const pt = 3 * pointOf[i]!
    const w = weights[i]!
    const r0 = cameras[cam]!
    const r1 = cameras[cam + 1]!
    const r2 = cameras[cam + 2]!
    const x = points[pt]! - cameras[cam + 3]!
    const y = points[pt + 1]! - cameras[cam + 4]!
    const z = points[pt + 2]! - cameras[cam + 5]!
    const s = r0 * r0 + r1 * r1 + r2 * r2
    let c = 1
    let a = 1
    let b = 0
    if (s !== 0) {
      const angle = Math.sqrt(s)
      c = Math.cos(angle)
      a = Math.sin(angle) / angle
      b = (1 - c) / s
    }
    const q = b * (r0 * x + r1 * y + r2 * z)
    const depth = 1 / (c * z + a * (r0 * y - r1 * x) + q * r2)
    const u = (c * x + a * (r1 * z - r2 * y) + q * r0) * depth
    const v = (c * y + a * (r2 * x - r0 * z) + q * r1) * depth
    const rho = u * u + v * v
    const lens = cameras[cam + 6]! * (1 + rho * (cameras[cam + 9]! + cameras[cam + 10]! * rho))
    deviations[2 * i] = w * (lens * u + cameras[cam + 7]! - features[2 * i]!)
    deviations[2 * i + 1] = w * (lens * v + cameras[cam + 8]! - features[2 * i + 1]!)
    penalties[i] = 1 - w * w
  }
}

/** The residuals and the Jacobian. */
export const plainAdjustment = (
  { p, cameras, points, weights, cameraOf, pointOf, features }: Ba,
  { deviations, penalties, blocks, slopes }: PlainAdjustment,
): void => {
  for (let i = 0; i < p; i++) {
    const cam = 11 * cameraOf[i]!
    const pt = 3 * pointOf[i]!
    const w = weights[i]!
    const r0 = cameras[cam]!
    const r1 = cameras[cam + 1]!
    const r2 = cameras[cam + 2]!
    const x = points[pt]! - cameras[cam + 3]!
    const y = points[pt + 1]! - cameras[cam + 4]!
    const z = points[pt + 2]! - cameras[cam + 5]!
    const focus = cameras[cam + 6]!
    const k1 = cameras[cam + 9]!
    const k2 = cameras[cam + 10]!
    const s = r0 * r0 + r1 * r1 + r2 * r2
    const along = r0 * x + r1 * y + r2 * z
    const n0 = r1 * z - r2 * y
    const n1 = r2 * x - r0 * z
    const n2 = r0 * y - r1 * x
    let c = 1
    let a = 1
    let b = 0
    let v0 = 0
    let v1 = 0
    let v2 = 0
    if (s !== 0) {
      const inverse = 1 / s
      const angle = Math.sqrt(s)
      c = Math.cos(angle)
      a = Math.sin(angle) / angle
      b = (1 - c) * inverse
      // How the result changes as the angle grows, by the square of the angle.
      const da = (c - a) * inverse
      const db = (a - 2 * b) * inverse * along
      v0 = da * n0 + db * r0 - a * x
      v1 = da * n1 + db * r1 - a * y
      v2 = da * n2 + db * r2 - a * z
    }
    const q = b * along
    const depth = 1 / (c * z + a * n2 + q * r2)
    const u = (c * x + a * n0 + q * r0) * depth
    const v = (c * y + a * n1 + q * r1) * depth
    const rho = u * u + v * v
    const lens = 1 + rho * (k1 + k2 * rho)
    const bend = 2 * (k1 + 2 * k2 * rho)
    const e0 = focus * lens * u + cameras[cam + 7]! - features[2 * i]!
    const e1 = focus * lens * v + cameras[cam + 8]! - features[2 * i + 1]!
    deviations[2 * i] = w * e0
    deviations[2 * i + 1] = w * e1
    penalties[i] = 1 - w * w
    slopes[i] = -2 * w

    const wf = w * focus
    const scale = wf * depth
    const mixed = scale * bend * u * v
    let g0 = scale * (lens + bend * u * u)
    let g1 = mixed
    let to = 30 * i
    let image = u
    let error = e0
    for (let row = 0; row < 2; row++) {
      const g2 = -(g0 * u + g1 * v)
      const spin = v0 * g0 + v1 * g1 + v2 * g2
      const turn = b * (r0 * g0 + r1 * g1 + r2 * g2)
      blocks[to] = r0 * spin + a * (y * g2 - z * g1) + turn * x + q * g0
      blocks[to + 1] = r1 * spin + a * (z * g0 - x * g2) + turn * y + q * g1
      blocks[to + 2] = r2 * spin + a * (x * g1 - y * g0) + turn * z + q * g2
      const d0 = c * g0 + a * (g1 * r2 - g2 * r1) + turn * r0
      const d1 = c * g1 + a * (g2 * r0 - g0 * r2) + turn * r1
      const d2 = c * g2 + a * (g0 * r1 - g1 * r0) + turn * r2
      blocks[to + 3] = -d0
      blocks[to + 4] = -d1
      blocks[to + 5] = -d2
      blocks[to + 6] = w * lens * image
      blocks[to + 7] = row === 0 ? w : 0
      blocks[to + 8] = row === 0 ? 0 : w
      blocks[to + 9] = wf * rho * image
      blocks[to + 10] = wf * rho * rho * image
      blocks[to + 11] = d0
      blocks[to + 12] = d1
      blocks[to + 13] = d2
      blocks[to + 14] = error
      g0 = mixed
      g1 = scale * (lens + bend * v * v)
      to += 15
      image = v
      error = e1
    }
  }
}
