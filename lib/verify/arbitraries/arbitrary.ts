/** Arbitraries made of two functions: how to draw a value, and what is simpler than a value. */
import * as fc from 'fast-check'

/** Draws an integer between two, ends included. */
export type Draw = (least: number, most: number) => number

/** A value beside what it is shrunk from. */
export interface Drawn<T, C> {
  readonly value: T
  readonly context: C
}

class Drawing<T, C> extends fc.Arbitrary<T> {
  readonly #draw: (draw: Draw) => Drawn<T, C>
  readonly #shrink: (context: C) => Iterable<Drawn<T, C>>

  constructor(draw: (draw: Draw) => Drawn<T, C>, shrink: (context: C) => Iterable<Drawn<T, C>>) {
    super()
    this.#draw = draw
    this.#shrink = shrink
  }

  override generate(random: fc.Random): fc.Value<T> {
    return this.#valueOf(this.#draw((least, most) => random.nextInt(least, most)))
  }

  override canShrinkWithoutContext(value: unknown): value is T {
    return value !== value
  }

  override shrink(_value: T, context: unknown): fc.Stream<fc.Value<T>> {
    if (context === undefined) return fc.Stream.nil()
    const simpler = this.#shrink(context as C)
    const values = this.#valueOf.bind(this)
    return fc.stream(
      (function* () {
        for (const drawn of simpler) yield values(drawn)
      })(),
    )
  }

  #valueOf({ value, context }: Drawn<T, C>): fc.Value<T> {
    return new fc.Value(value, context)
  }
}

/**
 * The arbitrary that draws values this way and shrinks them to what `shrink` lists, the simplest first. What is listed must be
 * simpler in a well-founded order, or shrinking would not end.
 */
export const drawn = <T, C>(draw: (draw: Draw) => Drawn<T, C>, shrink: (context: C) => Iterable<Drawn<T, C>>): fc.Arbitrary<T> =>
  new Drawing(draw, shrink)
