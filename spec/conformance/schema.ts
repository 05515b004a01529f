/** The three kinds of case files, as data, and how to tell them apart. */

/** One number; what JSON cannot say is a string. */
export type Datum = number | boolean | 'NaN' | 'Infinity' | '-Infinity' | '-0'

/** An array, row by row. Without a dtype it is `f64`. */
export interface TensorData {
  readonly shape: ReadonlyArray<number>
  readonly data: ReadonlyArray<Datum>
  readonly dtype?: 'int64' | 'bool'
}

/** Options of an operation, as JSON. */
export type Params = Readonly<Record<string, unknown>>

/** A step of a golden program: an operation on earlier values, or a constant. */
export interface ProgramNode {
  readonly op: string
  readonly in?: ReadonlyArray<number>
  readonly params?: Params
  readonly value?: TensorData
}

/** One entry per output when the operation has several. */
export type OneOrMany = TensorData | ReadonlyArray<TensorData>

/** `[rtol, atol]`, where `atol` is one number or one for each datum. */
export type GoldenTolerance = readonly [number, number | ReadonlyArray<number>]

/** An operation or a program with its value and its derivatives. */
export interface GoldenCase {
  readonly id: string
  readonly group: string
  readonly op: string
  readonly args: ReadonlyArray<TensorData>
  readonly params?: Params
  readonly program?: { readonly nodes: ReadonlyArray<ProgramNode>; readonly out: number }
  readonly multi?: boolean
  readonly value: OneOrMany
  readonly cotangent: OneOrMany
  readonly vjp: ReadonlyArray<TensorData>
  readonly tangents: ReadonlyArray<TensorData>
  readonly jvp: OneOrMany
  readonly hvp?: ReadonlyArray<TensorData>
  readonly hessian?: TensorData
  readonly tol: Readonly<Record<string, GoldenTolerance>>
}

/** A special point, described in words, with the recommended value and gradient. */
export interface EdgeCase {
  readonly id: string
  readonly desc: string
  readonly args: ReadonlyArray<TensorData>
  readonly expect: { readonly value?: TensorData | 'error'; readonly grad?: ReadonlyArray<TensorData> }
}

/** Arrays by name. */
export type Named = Readonly<Record<string, TensorData>>

/** A computation of DeZero's, with what this library should answer. */
export interface DezeroCase {
  readonly id: string
  readonly kind: string
  readonly expression: string
  readonly inputs: Named
  readonly tolerance: { readonly rtol: number; readonly atol: number }
  readonly op?: { readonly name: string; readonly attrs?: Params }
  readonly attrs?: Params
  readonly gy?: TensorData
  readonly value?: TensorData
  readonly grads?: Named
  readonly intermediate?: Named
  readonly intermediateGrads?: Named
  readonly generations?: Readonly<Record<string, number>>
  readonly nodeCount?: Readonly<Record<string, number>>
  readonly second?: { readonly v: Named; readonly grads: Named }
  readonly higher?: ReadonlyArray<Higher>
  readonly alternatives?: Readonly<Record<string, Named>>
  readonly stateAfter?: Named
  readonly expected?: unknown
  readonly graph?: GraphCount
  readonly table?: ReadonlyArray<Readonly<Record<string, unknown>>>
  readonly trajectory?: ReadonlyArray<Readonly<Record<string, unknown>>>
  readonly sequence?: ReadonlyArray<Named>
  readonly test?: Named
}

/** A derivative of some order: of the one input, as rows of a Hessian by name, or a product with it. */
export interface Higher {
  readonly order: number
  readonly name?: string
  readonly value: TensorData | ReadonlyArray<TensorData> | Readonly<Record<string, Named>>
}

/** The size of a graph in which every constant is a leaf of its own. */
export interface GraphCount {
  readonly functions: number
  readonly ops: Readonly<Record<string, number>>
  readonly variables: number
  readonly leaves: number
  readonly edges: number
}

/** The content of a case file. */
export type CaseFile =
  | { readonly schema: 'golden'; readonly cases: ReadonlyArray<GoldenCase> }
  | { readonly schema: 'edge'; readonly cases: ReadonlyArray<EdgeCase> }
  | { readonly schema: 'dezero'; readonly cases: ReadonlyArray<DezeroCase> }

const isRecord = (x: unknown): x is Readonly<Record<string, unknown>> => typeof x === 'object' && x !== null && !Array.isArray(x)

export const isTensorData = (x: unknown): x is TensorData => isRecord(x) && Array.isArray(x['shape']) && Array.isArray(x['data'])

/** The cases of a parsed file, told apart by what they hold. Throws a `TypeError` for anything else. */
export const caseFile = (name: string, json: unknown): CaseFile => {
  const cases: unknown = Array.isArray(json) ? json : isRecord(json) ? json['cases'] : undefined
  if (Array.isArray(cases)) {
    const all = (...fields: ReadonlyArray<string>) => cases.every((c) => isRecord(c) && fields.every((f) => f in c))
    if (all('id', 'group', 'op', 'args', 'value')) return { schema: 'golden', cases: cases as ReadonlyArray<GoldenCase> }
    if (all('id', 'desc', 'args', 'expect')) return { schema: 'edge', cases: cases as ReadonlyArray<EdgeCase> }
    if (all('id', 'kind', 'expression', 'inputs')) return { schema: 'dezero', cases: cases as ReadonlyArray<DezeroCase> }
  }
  throw new TypeError(`${name}: neither golden, edge nor DeZero cases`)
}
