/* oxlint-disable typescript/no-unsafe-call, typescript/no-unsafe-member-access, typescript/no-unsafe-argument -- the package is not there when this is checked */
/** The workloads by TensorFlow.js on its WebAssembly backend, one thread. */
import { createRequire } from 'node:module'

const name = 'TensorFlow.js, Wasm'
const require = createRequire(import.meta.url)

/** How far its results may be from the others: it sums in single precision, one number after the other. */
const within = 1e-4

/** The numbers of tensors, which are let go. */
const fetched = (tensors) =>
  tensors.map((tensor) => {
    const numbers = tensor.dataSync()
    tensor.dispose()
    return numbers
  })

/** The same, one behind the other. */
const joined = (tensors) => Float64Array.from(fetched(tensors).flatMap((part) => [...part]))

/** What the library can do of the workloads, given their inputs. Its backend has no gradient of a convolution by the filters. */
export const load = async (inputs) => {
  const tf = require('@tensorflow/tfjs')
  const { setThreadsCount } = require('@tensorflow/tfjs-backend-wasm')
  setThreadsCount(1)
  await tf.setBackend('wasm')
  await tf.ready()
  const array = (data, shape) => tf.tensor(data, shape, 'float32')

  const rosenbrock = (n) => {
    const x = array(Float32Array.from(inputs.rosenbrock(n)), [n])
    const f = (x) => {
      const here = x.slice([0], [n - 1])
      const bend = x.slice([1], [n - 1]).sub(here.square())
      return bend.square().mul(100).add(tf.sub(1, here).square()).sum()
    }
    const slope = tf.valueAndGrad(f)
    const call = () =>
      tf.tidy(() => {
        const { value, grad } = slope(x)
        return [value, grad]
      })
    return [{ name, within, run: () => fetched(call()), numbers: () => joined(call()) }]
  }

  const product = (n) => {
    const [a, b] = inputs.product(n).map((data) => array(data, [n, n]))
    const call = () => {
      const c = tf.matMul(a, b)
      const numbers = c.dataSync()
      c.dispose()
      return numbers
    }
    return [{ name, run: call, within }]
  }

  const trainingStep = () => {
    const { widths, batch, images, labels, layers, rate } = inputs.task()
    const classes = widths[widths.length - 1]
    const start = layers.flatMap(({ inputs: n, outputs, w, b }) => [array(w, [n, outputs]), array(b, [outputs])])
    const x = array(images, [batch, widths[0]])
    const y = tf.oneHot(tf.tensor1d(labels, 'int32'), classes).toFloat()
    const loss = (...parameters) => {
      let h = x
      for (let i = 0; i < parameters.length; i += 2) h = tf.matMul(i === 0 ? h : tf.tanh(h), parameters[i]).add(parameters[i + 1])
      return tf.logSoftmax(h, 1).mul(y).sum().mul(-1 / batch)
    }
    const slopes = tf.valueAndGrads(loss)
    const step = (state) =>
      tf.tidy(() => {
        const { value, grads } = slopes(state)
        return [value, ...state.map((p, i) => p.sub(grads[i].mul(rate)))]
      })
    let state = start.map((p) => p.clone())
    return [
      {
        name,
        within,
        run: () => {
          const [value, ...next] = step(state)
          const told = value.dataSync()
          tf.dispose([value, ...state])
          state = next
          return told
        },
        numbers: () => joined(step(start)),
      },
    ]
  }

  const chain = () => {
    const data = inputs.chain()
    const x = array(data, [data.length])
    const f = (x) => {
      const bent = x.mul(1.1).add(0.3).tanh()
      return bent.square().add(x).neg().mul(0.5).exp().mul(bent).sub(x).sum()
    }
    const slope = tf.valueAndGrad(f)
    const call = () =>
      tf.tidy(() => {
        const { value, grad } = slope(x)
        return [value, grad]
      })
    return [
      {
        name,
        within,
        run: () => fetched(call()),
        numbers: () => {
          const all = joined(call())
          all[0] /= data.length
          return all
        },
      },
    ]
  }

  const recurrent = () => {
    const { sequence, wx, wh, b, steps, batch, inputs: width, hidden } = inputs.recurrent()
    const gates = 4 * hidden
    const layer = [array(wx, [width, gates]), array(wh, [hidden, gates]), array(b, [gates])]
    const xs = Array.from({ length: steps }, (_, t) => array(sequence.slice(t * batch * width, (t + 1) * batch * width), [batch, width]))
    const loss = (wx, wh, b) => {
      let h = tf.zeros([batch, hidden])
      let cell = tf.zeros([batch, hidden])
      let total = tf.scalar(0)
      for (const x of xs) {
        const [i, f, g, o] = tf.split(tf.matMul(x, wx).add(tf.matMul(h, wh)).add(b), 4, 1)
        cell = tf.sigmoid(f).mul(cell).add(tf.sigmoid(i).mul(tf.tanh(g)))
        h = tf.sigmoid(o).mul(tf.tanh(cell))
        total = total.add(h.square().sum())
      }
      return total.mul(1 / (steps * batch * hidden))
    }
    const slopes = tf.valueAndGrads(loss)
    const call = () =>
      tf.tidy(() => {
        const { value, grads } = slopes(layer)
        return [value, ...grads]
      })
    return [{ name, within, run: () => fetched(call()), numbers: () => joined(call()) }]
  }

  return { rosenbrock, product, trainingStep, chain, recurrent }
}
