/** The figures that PyTorch prints for z = x² + y², with scalars and with vectors of one element. */
import { pipe } from 'fp-ts/function'
import { add, backward, square, value, variable, type Tensor } from '../../lib/index.js'

const show = (name: string, x: number | ReadonlyArray<number>, y: number | ReadonlyArray<number>): void => {
  const z = pipe(square(variable('x', x)), add(square(variable('y', y))))
  const gradients = backward(z)
  const print = (label: string, t: Tensor): void => console.log(`${name}: ${label} = ${t.toString()}`)
  print('z', value(z))
  print('dz/dx', value(gradients.get('x')!))
  print('dz/dy', value(gradients.get('y')!))
}

show('scalars', 2, 3)
show('vectors', [2], [3])
show('longer vectors', [2, 1, 0], [3, -1, 0.5])
