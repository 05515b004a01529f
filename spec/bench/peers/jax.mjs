/* oxlint-disable typescript/no-unsafe-call, typescript/no-unsafe-member-access, typescript/no-unsafe-argument -- the package is not there when this is checked */
/** The workloads by jax-js: traced once by `jit`, run by its WebAssembly backend on one thread. */
const name = 'jax-js, jit'

/** How far its results may be from the others: it sums in single precision, one number after the other. */
const within = 1e-4

/** The numbers of arrays; reading them is what makes the library compute them. */
const fetched = (...arrays) => arrays.map((array) => array.dataSync())

/** The same, one behind the other. */
const joined = (...arrays) => Float64Array.from(fetched(...arrays).flatMap((part) => [...part]))

/** What the library can do of the workloads, given their inputs. */
export const load = async (inputs) => {
  globalThis.navigator ??= {}
  const jax = await import('@jax-js/jax')
  await jax.init('wasm')
  jax.defaultDevice('wasm')
  const { numpy: np, nn, lax, jit, valueAndGrad, tree } = jax
  const array = (data, shape) => np.array(data, { dtype: np.float32 }).reshape(shape)

  const rosenbrock = (n) => {
    const f = (x) => {
      const here = x.ref.slice([0, n - 1])
      const next = x.slice([1, n])
      const bend = next.sub(np.square(here.ref))
      return np.square(bend).mul(100).add(np.square(here.mul(-1).add(1))).sum()
    }
    const run = jit(valueAndGrad(f))
    const x = array(Float32Array.from(inputs.rosenbrock(n)), [n])
    return [{ name, within, run: () => fetched(...run(x.ref)), numbers: () => joined(...run(x.ref)) }]
  }

  const product = (n) => {
    const [a, b] = inputs.product(n).map((data) => array(data, [n, n]))
    const run = jit((a, b) => np.matmul(a, b))
    const call = () => run(a.ref, b.ref).dataSync()
    return [{ name, run: call, within }]
  }

  const trainingStep = () => {
    const { widths, batch, images, labels, layers, rate } = inputs.task()
    const classes = widths[widths.length - 1]
    const hot = Float32Array.from({ length: batch * classes }, (_, i) => (i % classes === labels[Math.floor(i / classes)] ? 1 : 0))
    const start = layers.map(({ inputs: n, outputs, w, b }) => ({ w: array(w, [n, outputs]), b: array(b, [outputs]) }))
    const [x, y] = [array(images, [batch, widths[0]]), array(hot, [batch, classes])]
    const loss = (parameters, x, y) => {
      const scores = parameters.reduce((h, { w, b }, i) => np.matmul(i === 0 ? h : np.tanh(h), w).add(b), x)
      return nn.logSoftmax(scores, 1).mul(y).sum().mul(-1 / batch)
    }
    const step = jit((parameters, x, y) => {
      const [value, gradient] = valueAndGrad(loss)(tree.ref(parameters), x, y)
      return [parameters.map(({ w, b }, i) => ({ w: w.sub(gradient[i].w.mul(rate)), b: b.sub(gradient[i].b.mul(rate)) })), value]
    })
    let state = tree.ref(start)
    return [
      {
        name,
        within,
        run: () => {
          const [next, value] = step(state, x.ref, y.ref)
          state = next
          return value.dataSync()
        },
        numbers: () => {
          const [next, value] = step(tree.ref(start), x.ref, y.ref)
          return joined(value, ...next.flatMap(({ w, b }) => [w, b]))
        },
      },
    ]
  }

  const chain = () => {
    const data = inputs.chain()
    const f = (x) => {
      const bent = np.tanh(x.ref.mul(1.1).add(0.3))
      return np.exp(np.square(bent.ref).add(x.ref).mul(-1).mul(0.5)).mul(bent).sub(x).sum()
    }
    const run = jit(valueAndGrad(f))
    const x = array(data, [data.length])
    return [
      {
        name,
        within,
        run: () => fetched(...run(x.ref)),
        numbers: () => {
          const all = joined(...run(x.ref))
          all[0] /= data.length
          return all
        },
      },
    ]
  }

  const conv = () => {
    const { x: images, w: filters, batch, inputs: channels, outputs, side } = inputs.conv()
    const x = array(images, [batch, channels, side, side])
    const w = array(filters, [outputs, channels, 3, 3])
    const f = ({ x, w }) => np.square(lax.convGeneralDilated(x, w, [1, 1], 'SAME')).sum().mul(0.5)
    const run = jit(valueAndGrad(f))
    return [
      {
        name,
        within,
        run: () => {
          const [value, gradient] = run({ x: x.ref, w: w.ref })
          return fetched(value, gradient.x, gradient.w)
        },
        numbers: () => {
          const [value, gradient] = run({ x: x.ref, w: w.ref })
          const all = joined(value, gradient.x, gradient.w)
          all[0] /= batch * outputs * side * side
          return all
        },
      },
    ]
  }

  const recurrent = () => {
    const { sequence, wx, wh, b, steps, batch, inputs: width, hidden } = inputs.recurrent()
    const gates = 4 * hidden
    const layer = { wx: array(wx, [width, gates]), wh: array(wh, [hidden, gates]), b: array(b, [gates]) }
    const xs = Array.from({ length: steps }, (_, t) => array(sequence.slice(t * batch * width, (t + 1) * batch * width), [batch, width]))
    const loss = ({ wx, wh, b }, xs) => {
      let h = np.zeros([batch, hidden], { dtype: np.float32 })
      let cell = np.zeros([batch, hidden], { dtype: np.float32 })
      let total = np.zeros([], { dtype: np.float32 })
      for (const x of xs) {
        const open = np.matmul(x, wx.ref).add(np.matmul(h, wh.ref)).add(b.ref)
        const [i, f, g, o] = np.split(open, 4, 1)
        cell = nn.sigmoid(f).mul(cell).add(nn.sigmoid(i).mul(np.tanh(g)))
        h = nn.sigmoid(o).mul(np.tanh(cell.ref))
        total = total.add(np.square(h.ref).sum())
      }
      return total.mul(1 / (steps * batch * hidden))
    }
    const run = jit(valueAndGrad(loss))
    const call = () => {
      const [value, { wx, wh, b }] = run(tree.ref(layer), tree.ref(xs))
      return [value, wx, wh, b]
    }
    return [{ name, within, run: () => fetched(...call()), numbers: () => joined(...call()) }]
  }

  return { rosenbrock, product, trainingStep, chain, conv, recurrent }
}
