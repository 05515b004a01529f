/** Bundle adjustment: how far the projections of points are from where cameras saw them, with the Jacobian in its sparse blocks. */
import { add, concat, cos, cross, div, equal, expandDims, jacobian, map, mul, reciprocal, sin, slice, sqrt, square, stack, sub, sum, take, tensor, unstack, vdot, where, type Node, type Tensor } from '../../../lib/index.js'
import type { Ba } from './data.js'

/** What is fitted: `[n, 11]`, `[m, 3]` and `[p]`. */
export interface Scene {
  readonly cameras: Node
  readonly points: Node
  readonly weights: Node
}

/** One observation: a camera, a point and a weight. */
interface View {
  readonly camera: Node
  readonly point: Node
  readonly weight: Node
}

/** `x` turned about the axis `r` by its length; to first order where `r` is 0, so that the derivative exists there. */
const rotate = (r: Node, x: Node): Node => {
  const squared = vdot(r, r)
  const still = equal(squared, 0)
  const safe = where(still, 1, squared)
  const angle = sqrt(safe)
  const along = where(still, 1, cos(angle))
  const across = where(still, 1, div(sin(angle), angle))
  const towards = where(still, 0, div(sub(1, cos(angle)), safe))
  return add(add(mul(x, along), mul(cross(r, x), across)), mul(r, mul(vdot(r, x), towards)))
}

/** The weighted distance of a projection from the feature that was measured, `[2]`. */
const deviation = ({ camera, point, weight }: View, feature: Node): Node => {
  const [rotation, centre, middle] = [slice(camera, [[0, 3]]), slice(camera, [[3, 6]]), slice(camera, [[7, 9]])]
  const [, , , , , , focus, , , k1, k2] = unstack(camera) as ReadonlyArray<Node> & { readonly length: 11 }
  const [x, y, depth] = unstack(rotate(rotation, sub(point, centre))) as readonly [Node, Node, Node]
  const flat = mul(stack([x, y]), reciprocal(depth))
  const radius = sum(square(flat))
  const lens = add(1, mul(radius, add(k1!, mul(k2!, radius))))
  return mul(weight, sub(add(mul(mul(focus!, lens), flat), middle), feature))
}

/** The residuals and the entries of their Jacobian: `[p, 2]` and `[p, 2, 15]`, and `[p]` each for the weights. */
export interface Adjustment {
  readonly deviations: Node
  readonly penalties: Node
  readonly blocks: Node
  readonly slopes: Node
}

/** The residuals alone, or with the Jacobian: both map a function of one observation over all of them. */
export const adjustment = ({ p, cameraOf, pointOf, features }: Ba) => {
  const seen = tensor(features, { shape: [p, 2] })
  const views = ({ cameras, points, weights }: Scene): readonly [View, Tensor] =>
    [{ camera: take(cameras, tensor(cameraOf), { axis: 0 }), point: take(points, tensor(pointOf), { axis: 0 }), weight: weights }, seen]
  const penalties = ({ weights }: Scene): Node => sub(1, square(weights))

  const residuals = (scene: Scene): Pick<Adjustment, 'deviations' | 'penalties'> => ({
    deviations: map(([view, feature]) => deviation(view, feature), views(scene)),
    penalties: penalties(scene),
  })
  const withJacobian = (scene: Scene): Adjustment => {
    const [deviations, blocks] = map(([view, feature]) => {
      const { camera, point, weight } = jacobian(deviation)(view, feature)
      return [deviation(view, feature), concat([camera, point, expandDims(weight, 1)], { axis: 1 })] as const
    }, views(scene))
    return { deviations, blocks, penalties: penalties(scene), slopes: mul(-2, scene.weights) }
  }
  return { residuals, withJacobian }
}
