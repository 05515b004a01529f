/** A progress bar on a terminal; nothing where the output goes to a file or another program. */
import { Presets, SingleBar } from 'cli-progress'

/** Shows how far a long computation is. */
export interface Progress {
  readonly show: (step: number, note: string) => void
  readonly stop: () => void
}

export const progress = (what: string, steps: number): Progress => {
  if (!process.stdout.isTTY) return { show: () => undefined, stop: () => undefined }
  const bar = new SingleBar({ format: `${what} [{bar}] {percentage} %  {note}  {eta_formatted} left`, hideCursor: true, etaBuffer: 100 }, Presets.legacy)
  bar.start(steps, 0, { note: '' })
  return { show: (step, note) => bar.update(step, { note }), stop: () => bar.stop() }
}
