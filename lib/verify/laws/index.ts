/** The laws of derivatives, as properties of any function they apply to. */
export { law, laws, type LawId } from './catalogue.js'
export type { Family, Law } from './Law.js'
export type { Outcome } from './Outcome.js'
export { lawProperty, obeys } from './property.js'
export {
  subject,
  subjectOf,
  type Application,
  type Case,
  type Compiled,
  type Declarations,
  type Domains,
  type DrawnProgram,
  type Equivariance,
  type Invariance,
  type Patching,
  type Solution,
  type Subject,
  type SubjectOptions,
  type TreeFunction,
} from './Subject.js'
export { lawTable, showLawTable, type LawRow, type LawTable, type LawTableOptions } from './table.js'
export { transforms, type Transforms } from './Transforms.js'
