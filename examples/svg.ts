/** Pictures as text: SVG elements, and a line chart with axes. */

type Attributes = Readonly<Record<string, string | number>>

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** Text made safe to stand in an element or an attribute. */
export const escaped = (text: string): string => text.replace(/[&<>"]/g, (c) => escapes[c]!)

/** One element around its children. */
export const element = (name: string, attributes: Attributes, ...children: ReadonlyArray<string>): string => {
  const head = [name, ...Object.entries(attributes).map(([key, x]) => `${key}="${escaped(String(x))}"`)].join(' ')
  return children.length === 0 ? `<${head}/>` : `<${head}>${children.join('\n')}</${name}>`
}

/** Text at a position. */
export const label = (x: number, y: number, text: string, attributes: Attributes = {}): string =>
  element('text', { x: fixed(x), y: fixed(y), ...attributes }, escaped(text))

/** A picture with a white background. */
export const picture = (width: number, height: number, ...children: ReadonlyArray<string>): string =>
  `${element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      width,
      height,
      viewBox: `0 0 ${width} ${height}`,
      'font-family': 'Helvetica, Arial, sans-serif',
      'font-size': 13,
      fill: ink,
    },
    element('rect', { width, height, fill: 'white' }),
    ...children,
  )}\n`

export const ink = '#222'
export const faint = '#777'
const gridColor = '#e4e4e4'

/** Coordinates with at most two decimals. */
export const fixed = (x: number): number => Math.round(x * 100) / 100

/** One curve of a chart. */
export interface Series {
  readonly name: string
  readonly points: ReadonlyArray<readonly [x: number, y: number]>
  readonly color: string
  /** The width of the line; 0 for dots alone. */
  readonly width?: number
  readonly opacity?: number
  /** Marks each point with a dot. */
  readonly dots?: boolean
}

export interface Chart {
  readonly title: string
  readonly xLabel: string
  readonly yLabel: string
  readonly series: ReadonlyArray<Series>
  /** A logarithmic vertical axis. */
  readonly log?: boolean
}

const size = { width: 760, height: 440 }
const frame = { left: 72, top: 56, right: 736, bottom: 376 }

/** Round numbers that divide a range into about `count` parts: steps of 1, 2 or 5 times a power of ten. */
export const linearTicks = (low: number, high: number, count = 6): ReadonlyArray<number> => {
  const rough = (high - low) / count || 1
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough) ?? rough
  const first = Math.ceil(low / step - 1e-9)
  const last = Math.floor(high / step + 1e-9)
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)))
}

/** The numbers 1, 2 and 5 times a power of ten within a range. */
export const logTicks = (low: number, high: number): ReadonlyArray<number> => {
  const from = Math.floor(Math.log10(low))
  const powers = Array.from({ length: Math.ceil(Math.log10(high)) - from + 1 }, (_, i) => 10 ** (from + i))
  return powers.flatMap((p) => [1, 2, 5].map((m) => Number((m * p).toPrecision(12)))).filter((t) => t >= low && t <= high)
}

/** A chart of curves over one pair of axes, as an SVG document. */
export const lineChart = ({ title, xLabel, yLabel, series, log = false }: Chart): string => {
  const xs = series.flatMap((s) => s.points.map(([x]) => x))
  const ys = series.flatMap((s) => s.points.map(([, y]) => y))
  const [xLow, xHigh] = extent(xs)
  const [low, high] = extent(ys)
  const [yLow, yHigh] = log ? [low / 1.15, high * 1.15] : [Math.min(0, low * 1.05), Math.max(0, high * 1.05)]
  const scaleY = log ? Math.log : (y: number) => y
  const toX: Scale = (x) => frame.left + ((x - xLow) / (xHigh - xLow || 1)) * (frame.right - frame.left)
  const toY: Scale = (y) =>
    frame.bottom - ((scaleY(y) - scaleY(yLow)) / (scaleY(yHigh) - scaleY(yLow) || 1)) * (frame.bottom - frame.top)
  return picture(
    size.width,
    size.height,
    label(frame.left, 32, title, { 'font-size': 16, 'font-weight': 'bold' }),
    ...linearTicks(xLow, xHigh, 8).flatMap((t) => [
      line(toX(t), frame.bottom, toX(t), frame.bottom + 5, ink),
      label(toX(t), frame.bottom + 21, String(t), { 'text-anchor': 'middle' }),
    ]),
    ...(log ? logTicks(yLow, yHigh) : linearTicks(yLow, yHigh)).flatMap((t) => [
      line(frame.left, toY(t), frame.right, toY(t), gridColor),
      label(frame.left - 10, toY(t) + 4.5, String(t), { 'text-anchor': 'end' }),
    ]),
    ...series.map((s) => curve(s, toX, toY)),
    line(frame.left, frame.bottom, frame.right, frame.bottom, ink),
    line(frame.left, frame.top, frame.left, frame.bottom, ink),
    label((frame.left + frame.right) / 2, size.height - 18, xLabel, { 'text-anchor': 'middle' }),
    label(0, 0, yLabel, { 'text-anchor': 'middle', transform: `translate(20 ${(frame.top + frame.bottom) / 2}) rotate(-90)` }),
    legend(series),
  )
}

const extent = (xs: ReadonlyArray<number>): readonly [number, number] =>
  xs.reduce<readonly [number, number]>(([low, high], x) => [Math.min(low, x), Math.max(high, x)], [Infinity, -Infinity])

const line = (x1: number, y1: number, x2: number, y2: number, stroke: string): string =>
  element('line', { x1: fixed(x1), y1: fixed(y1), x2: fixed(x2), y2: fixed(y2), stroke })

type Scale = (x: number) => number

const curve = ({ points, color, width = 2, opacity = 1, dots = false }: Series, toX: Scale, toY: Scale): string => {
  const at = points.map(([x, y]) => [fixed(toX(x)), fixed(toY(y))] as const)
  return element(
    'g',
    { opacity },
    element('polyline', {
      points: at.map((p) => p.join(',')).join(' '),
      fill: 'none',
      stroke: color,
      'stroke-width': width,
      'stroke-linejoin': 'round',
    }),
    ...(dots ? at.map(([cx, cy]) => element('circle', { cx, cy, r: 3.5, fill: color, stroke: 'white' })) : []),
  )
}

/** The names of the curves in the upper right corner, where falling curves leave room. */
const legend = (series: ReadonlyArray<Series>): string => {
  const width = Math.max(...series.map((s) => s.name.length)) * 7.5 + 52
  const left = frame.right - width
  return element(
    'g',
    {},
    element('rect', { x: left, y: frame.top + 4, width: width - 4, height: series.length * 22 + 10, fill: 'white', stroke: gridColor }),
    ...series.flatMap((s, i) => {
      const y = frame.top + 20 + i * 22
      return [
        element('line', { x1: left + 10, y1: y, x2: left + 34, y2: y, stroke: s.color, 'stroke-width': s.width ?? 2, opacity: s.opacity ?? 1 }),
        ...(s.dots ? [element('circle', { cx: left + 22, cy: y, r: 3.5, fill: s.color, stroke: 'white' })] : []),
        label(left + 42, y + 4.5, s.name),
      ]
    }),
  )
}
