/** The two large networks of DeZero's as parameter trees without numbers; shapes are inferred by the library, nothing is evaluated. */
import type { Node } from '../../lib/index.js'
import { leavesOf } from '../../lib/core/Tree.js'
import { full } from '../../lib/primitive/leaf.js'
import { difference } from './compare.js'
import { dezeroOperation } from './dezero-ops.js'
import { call } from './library.js'
import type { DezeroCase } from './schema.js'

interface Tree {
  readonly [name: string]: Node | Tree
}

/** An array of a shape, without memory. */
export const shaped = (...shape: ReadonlyArray<number>): Node => full(0, { shape, dtype: 'f64' })

const conv = (x: Node, p: Tree, stride: number, pad: number): Node =>
  dezeroOperation('conv2d', { x, ...(p as Readonly<Record<string, Node>>) }, { stride, pad })

const convolution = (to: number, from: number, kernel: number, bias = true): Tree => ({
  W: shaped(to, from, kernel, kernel),
  ...(bias ? { b: shaped(to) } : {}),
})

const dense = (from: number, to: number): Tree => ({ W: shaped(from, to), b: shaped(to) })

const linear = (x: Node, p: Tree): Node => dezeroOperation('linear', { x, ...(p as Readonly<Record<string, Node>>) })

const relu = (x: Node): Node => call('relu', x)

const maxPool = (x: Node, kernel: number): Node => dezeroOperation('max_pooling', { x }, { kernel, stride: 2, pad: 0 })

const at = (tree: Tree, name: string): Tree => tree[name] as Tree

const sizeOf = (node: Node): number => node.shape.reduce((a, b) => a * b, 1)

/** The arrays of a tree by their path, in DeZero's spelling. */
const arrays = (tree: Tree): ReadonlyArray<readonly [path: string, array: Node]> =>
  leavesOf(tree).map(([path, leaf]) => [path.replaceAll('.', '/'), leaf as Node] as const)

const total = (nodes: ReadonlyArray<Node>): number => nodes.reduce((sum, node) => sum + sizeOf(node), 0)

const vggBlocks: ReadonlyArray<readonly [layers: number, width: number]> = [[2, 64], [2, 128], [3, 256], [3, 512], [3, 512]]

/** Five blocks of 3 × 3 convolutions, each halved by pooling, and three dense layers. */
const vgg16 = (x: Node): { readonly params: Tree; readonly y: Node } => {
  const params: Record<string, Tree> = {}
  let y = x
  vggBlocks.forEach(([layers, width], block) => {
    for (let layer = 0; layer < layers; layer++) {
      const p = convolution(width, y.shape[1]!, 3)
      params[`conv${block + 1}_${layer + 1}`] = p
      y = relu(conv(y, p, 1, 1))
    }
    y = maxPool(y, 2)
  })
  y = call('reshape', y, [y.shape[0], -1])
  ;[4096, 4096, 1000].forEach((width, i) => {
    const p = dense(y.shape[1]!, width)
    params[`fc${i + 6}`] = p
    y = linear(y, p)
    if (i < 2) y = relu(y)
  })
  return { params, y }
}

const normalization = (channels: number): Tree => ({
  gamma: shaped(channels),
  beta: shaped(channels),
  avg_mean: shaped(channels),
  avg_var: shaped(channels),
})

/** Convolutions without bias, each followed by a normalization: kernel, input and output channels. */
const convolutions = (sizes: ReadonlyArray<readonly [kernel: number, from: number, to: number]>): Tree =>
  Object.fromEntries(
    sizes.flatMap(([kernel, from, to], i): ReadonlyArray<readonly [string, Tree]> => [
      [`conv${i + 1}`, convolution(to, from, kernel, false)],
      [`bn${i + 1}`, normalization(to)],
    ]),
  )

/** A convolution and its normalization. */
const step = (x: Node, p: Tree, i: number, stride: number, pad: number): Node => {
  const y = conv(x, at(p, `conv${i}`), stride, pad)
  return dezeroOperation('batch_norm', { x: y, ...(at(p, `bn${i}`) as Readonly<Record<string, Node>>) }, { eps: 2e-5, train: false })
}

/** Three convolutions beside a shortcut, which has one of its own where the shape changes. */
const bottleneck = (x: Node, p: Tree, stride: number): Node => {
  const inner = step(relu(step(relu(step(x, p, 1, stride, 0)), p, 2, 1, 1)), p, 3, 1, 0)
  return relu(call('add', inner, 'conv4' in p ? step(x, p, 4, stride, 0) : x))
}

const stages: ReadonlyArray<readonly [name: string, blocks: number, from: number, middle: number, to: number, stride: number]> = [
  ['res2', 3, 64, 64, 256, 1],
  ['res3', 4, 256, 128, 512, 2],
  ['res4', 6, 512, 256, 1024, 2],
  ['res5', 3, 1024, 512, 2048, 2],
]

const stage = (blocks: number, from: number, middle: number, to: number): Tree => ({
  a: convolutions([[1, from, middle], [3, middle, middle], [1, middle, to], [1, from, to]]),
  ...Object.fromEntries(
    Array.from({ length: blocks - 1 }, (_, i) => [`b${i + 1}`, convolutions([[1, to, middle], [3, middle, middle], [1, middle, to]])] as const),
  ),
})

const resnet50 = (x: Node): { readonly params: Tree; readonly y: Node } => {
  const params: Tree = {
    conv1: convolution(64, 3, 7),
    bn1: normalization(64),
    ...Object.fromEntries(stages.map(([name, blocks, from, middle, to]) => [name, stage(blocks, from, middle, to)] as const)),
    fc6: dense(2048, 1000),
  }
  let y = maxPool(relu(step(x, params, 1, 2, 3)), 3)
  for (const [name, , , , , stride] of stages)
    Object.values(at(params, name)).forEach((block, i) => {
      y = bottleneck(y, block as Tree, i === 0 ? stride : 1)
    })
  const pooled = call('mean', y, { axis: [2, 3] })
  return { params, y: linear(pooled, at(params, 'fc6')) }
}

export const checkVgg16 = (c: DezeroCase): ReadonlyArray<string> => {
  const { params, y } = vgg16(shaped(1, 3, 224, 224))
  const all = arrays(params)
  const shapes = Object.fromEntries(all.map(([path, a]) => [path, a.shape]))
  const got = { output: y.shape, paramCount: total(all.map(([, a]) => a)), params: shapes }
  return difference('VGG16', got, c.expected)
}

export const checkResnet50 = (c: DezeroCase): ReadonlyArray<string> => {
  const { params, y } = resnet50(shaped(1, 3, 224, 224))
  const all = arrays(params)
  const running = all.filter(([path]) => /avg_(mean|var)$/.test(path))
  const named = Object.keys(c.expected as object).flatMap((path) => all.filter(([p]) => p === path))
  const [allArrays, runningStats] = [total(all.map(([, a]) => a)), total(running.map(([, a]) => a))]
  const got = {
    output: y.shape,
    allArrays,
    runningStats,
    trainable: allArrays - runningStats,
    tensorCount: all.length,
    ...Object.fromEntries(named.map(([path, a]) => [path, a.shape])),
  }
  return difference('ResNet50', got, c.expected)
}
