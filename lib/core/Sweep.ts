/**
 * A reverse sweep over a program of scalars that has been asked for and not been made. Its gradients are deferred nodes:
 * they are built by the symbolic fold when somebody looks into one of them. Most often nobody does, and evaluation finds
 * their numbers without them: a scalar of a gradient costs a node, its number costs one multiplication.
 */
import type { Sorted } from './Graph.js'
import { deferralOf, deferred, type Deferral, type Node } from './Node.js'

/** A position in a sorted program and the adjoint that comes to it from outside. */
export type Cotangent = readonly [position: number, cotangent: Node]

/** What a reverse fold goes through. */
export interface Course {
  readonly sorted: Sorted
  /** 1 for a node that depends smoothly on one whose adjoint is wanted: only those need an adjoint. */
  readonly reaches: Uint8Array
  readonly cotangents: ReadonlyArray<Cotangent>
  /** Zeros of the cotangents may come from a mask. */
  readonly behindMask: boolean
}

/** The numbers of a program and the adjoints of its nodes, by position. */
export interface Numbers {
  readonly values: Float64Array
  readonly adjoints: Float64Array
}

export class Sweep implements Deferral {
  readonly course: Course
  readonly #fold: (course: Course, gradients: ReadonlyMap<number, Node>) => void
  readonly #nodes = new Map<number, Node>()
  readonly #places = new Map<Node, number>()
  #numbers: Numbers | undefined

  /** `fold` is the symbolic fold, which settles the deferred nodes as it comes by. */
  constructor(course: Course, fold: (course: Course, gradients: ReadonlyMap<number, Node>) => void) {
    this.course = course
    this.#fold = fold
  }

  /** The adjoint at a position, deferred. */
  gradient(position: number): Node {
    const known = this.#nodes.get(position)
    if (known !== undefined) return known
    const node = deferred(this, this.course.sorted.nodes[position]!)
    this.#nodes.set(position, node)
    this.#places.set(node, position)
    return node
  }

  /** The position whose adjoint a node is. */
  placeOf(node: Node): number {
    return this.#places.get(node) ?? -1
  }

  form(): void {
    this.#fold(this.course, this.#nodes)
  }

  /** The numbers, which depend on nothing but immutable data: they are computed once. */
  numbers(compute: (course: Course) => Numbers): Numbers {
    return (this.#numbers ??= compute(this.course))
  }
}

/** The sweep that a node is deferred to, if it is deferred. */
export const sweepOf = (node: Node): Sweep | undefined => {
  const deferral = deferralOf(node)
  return deferral instanceof Sweep ? deferral : undefined
}
