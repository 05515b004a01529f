/** Errors shown. */
import type { Show } from 'fp-ts/Show'
import { showError, type FoldgradError } from '../core/FoldgradError.js'

/** One readable paragraph: operation, shapes, the rule that was broken, the mend, the place of the call. */
export const errorShow: Show<FoldgradError> = Object.freeze({ show: showError })
