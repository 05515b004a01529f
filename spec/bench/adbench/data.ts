/** The cases of ADBench that ship with the benchmark: inputs in its own formats, with the expected values. */
import { readFileSync } from 'node:fs'

/** A case as `cases.json` lists it; files are relative to the folder of the data. */
export interface Case {
  readonly id: string
  readonly objective: 'gmm' | 'lstm' | 'ba' | 'hand'
  readonly input: string
  readonly value?: number
  readonly gradFile?: string
  readonly residualFile?: string
  readonly jvalsFile?: string
  readonly jacFile?: string
  readonly residualXY?: ReadonlyArray<number>
  readonly weightResidual?: number
  readonly block2x15RowMajor?: ReadonlyArray<ReadonlyArray<number>>
  readonly weightDerivative?: number
  readonly complicated?: boolean
  readonly vertices?: string
}

/** Where the data lie. */
export interface Folder {
  readonly cases: ReadonlyArray<Case>
  readonly text: (file: string) => string
  readonly floats: (file: string) => Float64Array
}

export const openFolder = (url: URL): Folder => {
  const text = (file: string): string => readFileSync(new URL(file, url), 'utf8')
  return {
    cases: JSON.parse(text('cases.json')) as ReadonlyArray<Case>,
    text,
    floats: (file) => {
      const bytes = readFileSync(new URL(file, url))
      return Float64Array.from({ length: bytes.length / 8 }, (_, i) => bytes.readDoubleLE(8 * i))
    },
  }
}

export const caseOf = ({ cases }: Folder, id: string): Case => {
  const found = cases.find((c) => c.id === id)
  if (found === undefined) throw new Error(`no case ${id}`)
  return found
}

/** The numbers of a text in order, a few at a time; counts as integers, so that the engine computes indices with integers. */
const reader = (text: string) => {
  const all = Float64Array.from(text.trim().split(/\s+/), Number)
  let next = 0
  const take = (count: number): Float64Array => all.slice(next, (next += count))
  return { take, counts: () => Array.from(take(3), (x) => x | 0) as [number, number, number] }
}

/** A mixture of `k` Gaussians in `d` dimensions and `n` points; arrays row by row. */
export interface Gmm {
  readonly d: number
  readonly k: number
  readonly n: number
  readonly alpha: Float64Array
  readonly means: Float64Array
  /** For each Gaussian the logarithms of a diagonal, then the entries below it column by column. */
  readonly icf: Float64Array
  readonly x: Float64Array
  readonly gamma: number
  readonly m: number
}

export const readGmm = (text: string): Gmm => {
  const { take, counts } = reader(text)
  const [d, k, n] = counts()
  const [alpha, means, icf, x] = [take(k), take(k * d), take((k * d * (d + 1)) / 2), take(n * d)]
  const [gamma, m] = [...take(2)] as [number, number]
  return { d, k, n, alpha, means, icf, x, gamma, m }
}

/** A network of `l` layers with `b` units each, and `c` characters of `b` bits. */
export interface Lstm {
  readonly l: number
  readonly c: number
  readonly b: number
  /** `[2 l, 4, b]`: weights and biases in turns, of the forget, in and out gates and the change. */
  readonly main: Float64Array
  /** `[3, b]`: the weights of the input and of the output, the bias of the output. */
  readonly extra: Float64Array
  /** `[2 l, b]`: hidden state and cell in turns. */
  readonly state: Float64Array
  readonly sequence: Float64Array
}

export const readLstm = (text: string): Lstm => {
  const { take, counts } = reader(text)
  const [l, c, b] = counts()
  return { l, c, b, main: take(8 * l * b), extra: take(3 * b), state: take(2 * l * b), sequence: take(c * b) }
}

/** `n` cameras of 11 numbers, `m` points of 3, and `p` observations with a weight and a measured feature each. */
export interface Ba {
  readonly n: number
  readonly m: number
  readonly p: number
  readonly cameras: Float64Array
  readonly points: Float64Array
  readonly weights: Float64Array
  readonly cameraOf: Int32Array
  readonly pointOf: Int32Array
  readonly features: Float64Array
}

/** A text has one camera, point, weight and feature, which all others equal. */
export const readBa = (text: string): Ba => {
  const { take, counts } = reader(text)
  const [n, m, p] = counts()
  const repeated = (part: Float64Array, count: number): Float64Array => Float64Array.from({ length: part.length * count }, (_, i) => part[i % part.length]!)
  return {
    n,
    m,
    p,
    cameras: repeated(take(11), n),
    points: repeated(take(3), m),
    weights: repeated(take(1), p),
    cameraOf: Int32Array.from({ length: p }, (_, i) => i % n),
    pointOf: Int32Array.from({ length: p }, (_, i) => i % m),
    features: repeated(take(2), p),
  }
}

interface JitteredBa extends Pick<Ba, 'n' | 'm' | 'p'> {
  readonly cams: ReadonlyArray<ReadonlyArray<number>>
  readonly X: ReadonlyArray<ReadonlyArray<number>>
  readonly w: ReadonlyArray<number>
  readonly obs: ReadonlyArray<readonly [number, number]>
  readonly feats: ReadonlyArray<ReadonlyArray<number>>
}

export const readJitteredBa = (text: string): Ba => {
  const { n, m, p, cams, X, w, obs, feats } = JSON.parse(text) as JitteredBa
  return {
    n,
    m,
    p,
    cameras: Float64Array.from(cams.flat()),
    points: Float64Array.from(X.flat()),
    weights: Float64Array.from(w),
    cameraOf: Int32Array.from(obs, ([camera]) => camera),
    pointOf: Int32Array.from(obs, ([, point]) => point),
    features: Float64Array.from(feats.flat()),
  }
}

/** A hand of bones, the surface points that are compared, and where they were measured. */
export interface Hand {
  /** The parent of each bone; -1 for the wrist. A parent comes before its children. */
  readonly parents: ReadonlyArray<number>
  /** `[bones, 4, 4]` each: the place of a bone relative to its parent, and the inverse of its place at rest. */
  readonly base: Float64Array
  readonly inverse: Float64Array
  /** The compared corners, `[count, 4]` with 1 at the end, and how much each bone moves them, `[count, bones]`. */
  readonly corners: Float64Array
  readonly weights: Float64Array
  /** `[n, 3]`: where the surface was measured. */
  readonly targets: Float64Array
  /** `[n, 2]`: where in its triangle a point lies; its corners are `i`, `n + i` and `2 n + i`. Else corner `i`. */
  readonly inTriangle: Float64Array | undefined
  readonly theta: Float64Array
}

/** The hand model with the corners that a case compares. */
export const readHand = (folder: Folder, { input, vertices, complicated = false }: Case): Hand => {
  const lines = (file: string): ReadonlyArray<ReadonlyArray<number>> => folder.text(file).trim().split('\n').map((line) => line.split(':').map(Number))
  const bones = lines('hand/bones.txt')
  const surface = lines(vertices!)
  const { take } = reader(folder.text(input))
  const n = take(2)[0]! | 0
  const pairs = Array.from({ length: n }, () => take(4))
  const inTriangle = complicated ? take(2 * n) : undefined
  const triangles = lines('hand/triangles.txt')
  const used = complicated ? [0, 1, 2].flatMap((corner) => pairs.map(([k]) => triangles[k!]![corner]!)) : pairs.map(([k]) => k!)
  const weights = new Float64Array(used.length * bones.length)
  used.forEach((vertex, i) => {
    const [count, ...influences] = surface[vertex]!.slice(8)
    for (let e = 0; e < count!; e++) weights[i * bones.length + influences[2 * e]!] = influences[2 * e + 1]!
  })
  return {
    parents: bones.map(([, parent]) => parent!),
    base: Float64Array.from(bones.flatMap((bone) => bone.slice(2, 18))),
    inverse: Float64Array.from(bones.flatMap((bone) => bone.slice(18, 34))),
    corners: Float64Array.from(used.flatMap((vertex) => [...surface[vertex]!.slice(0, 3), 1])),
    weights,
    targets: Float64Array.from(pairs.flatMap(([, ...target]) => target)),
    inTriangle,
    theta: take(26),
  }
}

/** How far two arrays are apart by the measure of ADBench, whose limit is 1e-8. */
export const apart = (found: ArrayLike<number>, expected: ArrayLike<number>): number => {
  if (found.length !== expected.length) return Infinity
  let worst = 0
  for (let i = 0; i < found.length; i++) {
    const [a, b] = [found[i]!, expected[i]!]
    const error = Math.abs(a - b) / Math.max(1, Math.abs(a) + Math.abs(b))
    if (!(error <= worst)) worst = error
  }
  return worst
}
