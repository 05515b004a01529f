/** Whether examples that import what they use compile as they stand, under the settings of this project. */
import { join } from 'node:path'
import ts from 'typescript'
import type { Example } from './extract.js'

/** A file made of examples, and the place in the documentation of each of its lines. */
interface Source {
  readonly text: string
  readonly places: ReadonlyArray<string>
}

/** Statements that stand at the top of a file: imports and declarations of modules. */
const isTop = (statement: ts.Statement): boolean => ts.isImportDeclaration(statement) || ts.isModuleDeclaration(statement)

/** A statement at the top of the file, and where it comes from. A later one with the same key says the same. */
interface Top {
  readonly key: string
  readonly text: string
  readonly place: string
}

/** One statement for each name that an import brings in, so that two blocks may import the same, as a type or not. */
const topsOf = (statement: ts.Statement, place: string): ReadonlyArray<Top> => {
  const text = statement.getText().replace(/\n/g, ' ')
  if (!ts.isImportDeclaration(statement)) return [{ key: text, text, place }]
  const bindings = statement.importClause?.namedBindings
  if (bindings === undefined || ts.isNamespaceImport(bindings)) return [{ key: text, text, place }]
  const areTypes = statement.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword
  const from = statement.moduleSpecifier.getText()
  return bindings.elements.map((name) => ({ key: `${from} ${name.name.text}`, text: `import { ${areTypes ? 'type ' : ''}${name.getText()} } from ${from}`, place }))
}

const blank = (text: string): string => text.replace(/[^\n]/g, ' ')

/** Blocks that run one inside the scope of another, as one file in which they stand like that. */
const together = (examples: ReadonlyArray<Example>): Source => {
  const parsed = examples.map((example) => ({ ...example, file: ts.createSourceFile('block.ts', example.code, ts.ScriptTarget.Latest, true), name: example.file }))
  const tops = parsed.flatMap(({ file, name, line }) =>
    file.statements.filter(isTop).flatMap((statement) => topsOf(statement, `${name}:${line + file.getLineAndCharacterOfPosition(statement.getStart()).line}`)),
  )
  // What one block imports as a type and another as a value is a value.
  const byKey = new Map(tops.map((top) => [top.key, top]))
  for (const top of tops) if (!top.text.startsWith('import { type ')) byKey.set(top.key, top)
  const head = [...byKey.values()].map(({ text, place }) => [text, place] as const)
  const bodies = parsed.map(({ file, code }) => file.statements.filter(isTop).reduce((text, s) => text.slice(0, s.getStart()) + blank(text.slice(s.getStart(), s.end)) + text.slice(s.end), code))
  const lines = bodies.flatMap((body, k) => ['{', ...body.split('\n')].map((text, i) => [text, `${parsed[k]!.name}:${parsed[k]!.line + Math.max(0, i - 1)}`] as const))
  const all = [...head, ...lines]
  return { text: `${all.map(([text]) => text).join('\n')}\n${'}'.repeat(examples.length)}\nexport {}\n`, places: all.map(([, place]) => place) }
}

const alone = ({ file, line, code }: Example): Source => ({ text: `${code}\nexport {}\n`, places: code.split('\n').map((_, i) => `${file}:${line + i}`) })

/** What the compiler says against each section, with file and line. The blocks of a section see the names of those before. */
export const typeErrors = (sections: ReadonlyArray<ReadonlyArray<Example>>, root: string): ReadonlyArray<string> => {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as { readonly config: { readonly compilerOptions: object } }
  const settings = ts.convertCompilerOptionsFromJson({ ...config.compilerOptions, noUnusedLocals: false }, root).options
  const sources = new Map(sections.map((section, i) => [join(root, 'spec/docs', `example${i}.ts`), section.length === 1 ? alone(section[0]!) : together(section)]))
  const host = ts.createCompilerHost(settings)
  const program = ts.createProgram([...sources.keys()], settings, {
    ...host,
    fileExists: (path) => sources.has(path) || host.fileExists(path),
    getSourceFile: (path, target) => {
      const source = sources.get(path)
      return source === undefined ? host.getSourceFile(path, target) : ts.createSourceFile(path, source.text, target)
    },
  })
  return [...sources].flatMap(([path, { places }]) => {
    const file = program.getSourceFile(path)!
    return ts.getPreEmitDiagnostics(program, file).map(({ messageText, start = 0 }) => {
      const { line } = file.getLineAndCharacterOfPosition(start)
      return `${places[Math.min(line, places.length - 1)]!}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`
    })
  })
}
