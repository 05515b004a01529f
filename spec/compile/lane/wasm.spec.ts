/** Formulas as machine code: the same bits as in the interpreter of machine operations. */
import { describe, expect, it } from 'vitest'
import type { Access, LoopProgram } from '../../../lib/compile/ir.js'
import { constant } from '../../../lib/compile/lane/machine.js'
import { runProgram } from '../runProgram.js'
import { domains, pointsOf, type FloatType } from './domains.js'
import { formulaOf, operations, valuesOf, type Formula } from './measure.js'
import type { Floats } from './runLane.js'
