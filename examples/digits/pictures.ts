/** What training produced, as pictures. */
import { element, faint, fixed, label, lineChart, picture } from '../svg.js'
import type { Misread } from './assess.js'
import { side } from './data.js'
import type { State } from './train.js'

/** Each number replaced by the mean of those around it, so that the trend of a noisy curve shows. */
const smoothed = (xs: ReadonlyArray<number>, reach: number): ReadonlyArray<number> =>
  xs.map((_, i) => {
    const around = xs.slice(Math.max(0, i - reach), i + reach + 1)
    return around.reduce((a, b) => a + b, 0) / around.length
  })

/** The loss on each batch, its trend, and the loss on the unseen digits after each epoch. */
export const lossCurve = ({ losses, epochs }: State): string => {
  const curve = (ys: ReadonlyArray<number>) => ys.map((y, i) => [i + 1, y] as const)
  const last = epochs[epochs.length - 1]
  return lineChart({
    title: `Training on handwritten digits${last === undefined ? '' : `: ${(100 * last.unseenAccuracy).toFixed(2)} % of unseen digits read right`}`,
    xLabel: 'step',
    yLabel: 'cross entropy (logarithmic)',
    log: true,
    series: [
      { name: 'each batch', points: curve(losses), color: '#4c8bd6', width: 1, opacity: 0.35 },
      { name: 'trend', points: curve(smoothed(losses, Math.ceil(losses.length / 60))), color: '#1f5fa8', width: 2.5 },
      { name: 'unseen digits', points: epochs.map((e) => [e.step, e.unseenLoss]), color: '#e07b1a', width: 2, dots: true },
    ],
  })
}

const scale = 3
const cell = { width: side * scale + 16, height: side * scale + 40 }
const columns = 10
const shades = 8

/** A sheet of misread digits, each with what it shows and what it was taken for. */
export const misreadSheet = (all: ReadonlyArray<Misread>, count: number, limit = 60): string => {
  const shown = all.slice(0, limit)
  const rows = Math.max(1, Math.ceil(shown.length / columns))
  const some = shown.length < all.length ? `, the first ${shown.length} of them here` : ''
  return picture(
    columns * cell.width + 32,
    rows * cell.height + 76,
    label(24, 34, `${all.length} of ${count} unseen digits are misread${some}`, { 'font-size': 17, 'font-weight': 'bold' }),
    label(24, 56, 'Each is captioned: what it shows → what it was taken for.', { fill: faint }),
    ...shown.map((digit, i) => {
      const x = 16 + (i % columns) * cell.width
      const y = 72 + Math.floor(i / columns) * cell.height
      return element('g', { transform: `translate(${x} ${y})` }, ...image(digit))
    }),
  )
}

/** One image in dark ink on light paper: the pixels of each shade are one path, so the sheet stays small. */
const image = ({ brightness, shown, read }: Misread): ReadonlyArray<string> => {
  const squares = (shade: number): string =>
    brightness.map((b, i) => (Math.round(b * shades) === shade ? `M${i % side} ${Math.floor(i / side)}h1v1h-1z` : '')).join('')
  const paths = Array.from({ length: shades }, (_, k) => ({ shade: k + 1, d: squares(k + 1) }))
  return [
    element('rect', { x: 8, y: 0, width: side * scale, height: side * scale, fill: '#f4f4f0', stroke: '#d8d8d2' }),
    element(
      'g',
      { transform: `translate(8 0) scale(${scale})`, 'shape-rendering': 'crispEdges' },
      ...paths.flatMap(({ shade, d }) => (d === '' ? [] : [element('path', { d, fill: '#111', 'fill-opacity': fixed(shade / shades) })])),
    ),
    element(
      'text',
      { x: 8 + (side * scale) / 2, y: side * scale + 20, 'text-anchor': 'middle', 'font-size': 15 },
      element('tspan', { fill: '#2a7a2a' }, String(shown)),
      element('tspan', { fill: faint, dx: 4 }, '→'),
      element('tspan', { fill: '#c0392b', dx: 4 }, String(read)),
    ),
  ]
}
