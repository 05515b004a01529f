/** Whether examples that import what they use compile as they stand, under the settings of this project. */
import { join } from 'node:path'
import ts from 'typescript'
import type { Example } from './extract.js'

/** What the compiler says against each example, with file and line. */
export const typeErrors = (examples: ReadonlyArray<Example>, root: string): ReadonlyArray<string> => {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as { readonly config: { readonly compilerOptions: object } }
  const settings = ts.convertCompilerOptionsFromJson({ ...config.compilerOptions, noUnusedLocals: false }, root).options
  const sources = new Map(examples.map((example, i) => [join(root, 'spec/docs', `example${i}.ts`), example]))
  const host = ts.createCompilerHost(settings)
  const program = ts.createProgram([...sources.keys()], settings, {
    ...host,
    fileExists: (path) => sources.has(path) || host.fileExists(path),
    getSourceFile: (path, target) => {
      const example = sources.get(path)
      return example === undefined ? host.getSourceFile(path, target) : ts.createSourceFile(path, `${example.code}\nexport {}\n`, target)
    },
  })
  return [...sources].flatMap(([path, { file, line }]) => {
    const source = program.getSourceFile(path)!
    return ts.getPreEmitDiagnostics(program, source).map(({ messageText, start = 0 }) => {
      const at = line + source.getLineAndCharacterOfPosition(start).line
      return `${file}:${at}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`
    })
  })
}
