/**
 * The mutable design to compare with: a scalar that knows its value, its gradient, the set of its operands and a closure
 * that pushes its gradient into them, as in Karpathy's micrograd. Only the topological sort is iterative, because a
 * recursive one overflows the stack on the graphs measured here.
 */
export class Value {
  data: number
  grad = 0
  readonly _prev: Set<Value>
  readonly _op: string
  _backward: () => void = () => {}

  constructor(data: number, children: ReadonlyArray<Value> = [], op = '') {
    this.data = data
    this._prev = new Set(children)
    this._op = op
  }

  static of(x: Value | number): Value {
    return x instanceof Value ? x : new Value(x)
  }

  add(x: Value | number): Value {
    const other = Value.of(x)
    const out = new Value(this.data + other.data, [this, other], '+')
    out._backward = () => {
      this.grad += out.grad
      other.grad += out.grad
    }
    return out
  }

  mul(x: Value | number): Value {
    const other = Value.of(x)
    const out = new Value(this.data * other.data, [this, other], '*')
    out._backward = () => {
      this.grad += other.data * out.grad
      other.grad += this.data * out.grad
    }
    return out
  }

  pow(exponent: number): Value {
    const out = new Value(this.data ** exponent, [this], `**${exponent}`)
    out._backward = () => {
      this.grad += exponent * this.data ** (exponent - 1) * out.grad
    }
    return out
  }

  tanh(): Value {
    const t = Math.tanh(this.data)
    const out = new Value(t, [this], 'tanh')
    out._backward = () => {
      this.grad += (1 - t * t) * out.grad
    }
    return out
  }

  neg(): Value {
    return this.mul(-1)
  }

  sub(x: Value | number): Value {
    return this.add(Value.of(x).neg())
  }

  backward(): void {
    const topo: Array<Value> = []
    const visited = new Set<Value>([this])
    const stack: Array<{ readonly node: Value; readonly children: Iterator<Value, undefined> }> = [
      { node: this, children: this._prev.values() },
    ]
    while (stack.length > 0) {
      const { node, children } = stack[stack.length - 1]!
      const step = children.next()
      if (step.done === true) {
        topo.push(node)
        stack.pop()
      } else if (!visited.has(step.value)) {
        visited.add(step.value)
        stack.push({ node: step.value, children: step.value._prev.values() })
      }
    }
    this.grad = 1
    for (let i = topo.length - 1; i >= 0; i--) topo[i]!._backward()
  }
}
