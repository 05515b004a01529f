/** The rules of the house, as functions from sources to complaints. */
import ts from 'typescript'

/** Sources by path inside `lib`, such as `core/Node.ts`. */
export type Sources = Readonly<Record<string, string>>

/** The storeys, lowest first: a file imports from its own folder and from storeys below, never from beside or above. */
const storeys: ReadonlyArray<ReadonlyArray<string>> = [
  ['core'],
  ['kernel'],
  ['primitive'],
  ['transform', 'interpret'],
  ['control'],
  ['function', 'text'],
  ['instances', 'compile'],
  ['index.ts'],
  ['verify'],
]

/** The folder that a file lives in; the door of the house is a room of its own. */
const roomOf = (path: string): string => path.split('/')[0]!

const storeyOf = (path: string): number => storeys.findIndex((rooms) => rooms.includes(roomOf(path)))

/** What a file imports or exports from elsewhere, as written. */
const specifiers = (text: string): ReadonlyArray<string> => ts.preProcessFile(text).importedFiles.map((file) => file.fileName)

/** The path of a relative import inside `lib`. */
const resolve = (from: string, specifier: string): string =>
  new URL(specifier, `file:///${from}`).pathname.slice(1).replace(/\.js$/, '.ts')

const isRelative = (specifier: string): boolean => specifier.startsWith('.')

/** The files of `lib` that a file imports. */
const neighbours = (sources: Sources, path: string): ReadonlyArray<string> =>
  specifiers(sources[path] ?? '').filter(isRelative).map((specifier) => resolve(path, specifier))

/** Imports that go up, or across to another room on the same storey. */
export const upwardImports = (sources: Sources): ReadonlyArray<string> =>
  Object.keys(sources).flatMap((path) => {
    if (storeyOf(path) < 0) return [`${path} is in no layer`]
    return neighbours(sources, path)
      .filter((to) => roomOf(to) !== roomOf(path) && storeyOf(to) >= storeyOf(path))
      .map((to) => `${path} imports ${to}`)
  })

/** Imports of files that do not exist. */
export const brokenImports = (sources: Sources): ReadonlyArray<string> =>
  Object.keys(sources).flatMap((path) =>
    neighbours(sources, path).filter((to) => sources[to] === undefined).map((to) => `${path} imports ${to}, which does not exist`),
  )

/** Packages that a layer has no business with: `fp-ts` stays out of kernels, `fast-check` is for `verify` alone. */
export const foreignImports = (sources: Sources): ReadonlyArray<string> =>
  Object.entries(sources).flatMap(([path, text]) => {
    const room = roomOf(path)
    const welcome = (name: string): boolean =>
      (room !== 'kernel' && /^fp-ts\/\w+$/.test(name)) || (room === 'verify' && name === 'fast-check')
    return specifiers(text).filter((name) => !isRelative(name) && !welcome(name)).map((name) => `${path} imports ${name}`)
  })

/** Import cycles, each named once by the path around it. */
export const importCycles = (sources: Sources): ReadonlyArray<string> => {
  const done = new Set<string>()
  const cycles: Array<string> = []
  const visit = (path: string, trail: ReadonlyArray<string>): void => {
    if (trail.includes(path)) cycles.push([...trail.slice(trail.indexOf(path)), path].join(' → '))
    else if (!done.has(path)) {
      for (const to of neighbours(sources, path)) visit(to, [...trail, path])
      done.add(path)
    }
  }
  for (const path of Object.keys(sources)) visit(path, [])
  return cycles
}

/** Files that hold more than one concept, by the look of them. */
export const longFiles = (sources: Sources, limit = 400): ReadonlyArray<string> =>
  Object.entries(sources).flatMap(([path, text]) => {
    const lines = text.trimEnd().split('\n').length
    return lines > limit ? [`${path} has ${lines} lines`] : []
  })

const parse = (path: string, text: string): ts.SourceFile => ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)

const place = (node: ts.Node): string => {
  const file = node.getSourceFile()
  return `${file.fileName}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}`
}

const descendants = (node: ts.Node): ReadonlyArray<ts.Node> => {
  const found: Array<ts.Node> = []
  const walk = (child: ts.Node): void => {
    found.push(child)
    ts.forEachChild(child, walk)
  }
  ts.forEachChild(node, walk)
  return found
}

/** What makes a program depend on the world, or the world on it. */
const worldly = new Set(['Date', 'performance', 'process', 'console', 'globalThis', 'eval', 'Function', 'require', 'fetch', 'crypto', 'setTimeout', 'setInterval', 'queueMicrotask'])

const isName = (node: ts.Node): boolean =>
  (ts.isPropertyAccessExpression(node.parent) && node.parent.name === node) ||
  (ts.isPropertyAssignment(node.parent) && node.parent.name === node) ||
  ts.isTypeReferenceNode(node.parent) ||
  ts.isImportSpecifier(node.parent) ||
  ts.isExportSpecifier(node.parent)

/** The one place where text becomes a function; what it makes is as pure as the graph it was made from. */
const generators: ReadonlySet<string> = new Set(['compile/direct.ts'])

/** Uses of the clock, of chance, of the console, and of other things outside. */
export const impurities = (sources: Sources): ReadonlyArray<string> =>
  Object.entries(sources).flatMap(([path, text]) =>
    descendants(parse(path, text)).flatMap((node) => {
      const random = ts.isPropertyAccessExpression(node) && node.getText() === 'Math.random'
      const world = ts.isIdentifier(node) && worldly.has(node.text) && !isName(node) && !(node.text === 'Function' && generators.has(path))
      const late = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword
      return random || world || late ? [`${place(node)} uses ${node.getText()}`] : []
    }),
  )

/** Statements that do something when a module is loaded, other than freezing what it defines. */
const acts = (statement: ts.Statement): boolean => {
  if (ts.isExpressionStatement(statement)) return !/^Object\.freeze\([A-Za-z]+(\.prototype)?\)$/.test(statement.expression.getText())
  return !(
    ts.isImportDeclaration(statement) ||
    ts.isExportDeclaration(statement) ||
    ts.isExportAssignment(statement) ||
    ts.isInterfaceDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement) ||
    ts.isFunctionDeclaration(statement) ||
    ts.isClassDeclaration(statement) ||
    ts.isVariableStatement(statement)
  )
}

const isWrite = (node: ts.Node): node is ts.BinaryExpression =>
  ts.isBinaryExpression(node) &&
  node.operatorToken.kind >= ts.SyntaxKind.FirstAssignment &&
  node.operatorToken.kind <= ts.SyntaxKind.LastAssignment

const inStaticBlock = (node: ts.Node): boolean =>
  ts.isClassStaticBlockDeclaration(node) || (!ts.isSourceFile(node) && inStaticBlock(node.parent))

/** Module variables that can change: only a class may hand out, once, access to its private fields. */
const variables = (file: ts.SourceFile): ReadonlyArray<ts.Node> =>
  file.statements
    .filter(ts.isVariableStatement)
    .filter((statement) => (statement.declarationList.flags & ts.NodeFlags.Const) === 0)
    .flatMap((statement) => statement.declarationList.declarations)
    .filter(({ name, initializer }) => {
      const writes = descendants(file).filter((node) => isWrite(node) && node.left.getText() === name.getText())
      return initializer !== undefined || writes.length !== 1 || !inStaticBlock(writes[0]!)
    })

/** Module constants that hold a mutable collection. */
const collections = (file: ts.SourceFile): ReadonlyArray<ts.Node> =>
  file.statements
    .filter(ts.isVariableStatement)
    .flatMap((statement) => statement.declarationList.declarations)
    .filter(({ initializer }) => initializer !== undefined && /^new (Weak)?(Map|Set)\b/.test(initializer.getText()))
    .filter(({ type }) => !/^Readonly(Map|Set)\b/.test(type?.getText() ?? ''))

/** Imports for the sake of what they do. */
const bareImports = (file: ts.SourceFile): ReadonlyArray<ts.Node> =>
  file.statements.filter((statement) => ts.isImportDeclaration(statement) && statement.importClause === undefined)

/** Modules that do something when they are loaded, or that hold state. */
export const sideEffects = (sources: Sources): ReadonlyArray<string> =>
  Object.entries(sources).flatMap(([path, text]) => {
    const file = parse(path, text)
    return [...file.statements.filter(acts), ...bareImports(file), ...variables(file), ...collections(file)].map(
      (node) => `${place(node)}: ${node.getText().split('\n')[0]}`,
    )
  })
