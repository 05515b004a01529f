/** The mutation gate: checks of derivatives, put to the test with mistakes made on purpose. */
export { gate, mutationGate, showGateFailure, type GateFailure, type GateOptions, type GateReport, type Survivor } from './gate.js'
