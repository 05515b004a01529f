/** The package as its users get it: built, packed, installed elsewhere, imported, compiled against and bundled. */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const bin = (tool: string): string => join(root, 'node_modules', '.bin', tool)
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { readonly name: string; readonly version: string }

/** What are-the-types-wrong says in JSON: its layout does not depend on the terminal. */
interface TypesReport {
  readonly analysis: { readonly entrypoints: Record<string, { readonly resolutions: Record<'node16-esm' | 'bundler', Resolved> }> }
}

interface Resolved {
  readonly resolution?: object
  readonly visibleProblems?: ReadonlyArray<number>
}

/** The output of a command; its failure shows what the command said. */
const run = (command: string, args: ReadonlyArray<string>, cwd: string): string => {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed\n${stdout}${stderr}`)
  return stdout
}

const folderOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

/** A user with fp-ts alone, and one with fast-check as well. */
const consumer = mkdtempSync(join(tmpdir(), 'foldgrad-consumer-'))
const verifier = mkdtempSync(join(tmpdir(), 'foldgrad-verifier-'))
const tarball = join(consumer, `${manifest.name}-${manifest.version}.tgz`)
const installed = join(consumer, 'node_modules', manifest.name)

/** Installs the tarball beside packages that this project has installed itself, without asking a registry. */
const install = (folder: string, packages: ReadonlyArray<string>): void => {
  const offline = ['--offline', '--ignore-scripts', '--install-links', '--no-audit', '--no-fund']
  run('npm', ['install', ...offline, tarball, ...packages.map((name) => join(root, 'node_modules', name))], folder)
}

beforeAll(() => {
  cpSync(folderOf('consumer'), consumer, { recursive: true })
  run('npm', ['run', 'build'], root)
  run('npm', ['pack', '--ignore-scripts', '--pack-destination', consumer], root)
  install(consumer, ['fp-ts'])
  for (const file of ['package.json', 'tsconfig.json']) cpSync(join(folderOf('consumer'), file), join(verifier, file))
  cpSync(folderOf('verifier'), verifier, { recursive: true })
  install(verifier, ['fp-ts', 'fast-check', 'pure-rand'])
})

afterAll(() => {
  for (const folder of [consumer, verifier]) rmSync(folder, { recursive: true, force: true })
})

describe('the packed tarball', () => {
  it('is imported by plain Node and differentiates', () => {
    expect(JSON.parse(run(process.execPath, ['run.js'], consumer))).toEqual({ slope: 12, curvature: 12, named: 12 })
  })

  it('does not need fast-check, which is an optional peer', () => {
    expect(readdirSync(join(consumer, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual([manifest.name, 'fp-ts'])
  })

  it('asks for fast-check where foldgrad/verify is imported without it', () => {
    const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', "import 'foldgrad/verify'"], { cwd: consumer, encoding: 'utf8' })
    expect(status).not.toBe(0)
    expect(stderr).toMatch(/Cannot find package 'fast-check' imported from .*foldgrad\/dist\/verify/)
  })

  it('checks gradients in plain Node where fast-check is installed', () => {
    expect(JSON.parse(run(process.execPath, ['verify.js'], verifier))).toEqual({ verdict: 'consistent', property: false, programs: false })
  })

  it('has types of checks that are those of the installed fast-check', () => {
    expect(run(bin('tsc'), ['-p', '.'], verifier)).toBe('')
  })

  it('compiles in a NodeNext program, where its types are those of the installed fp-ts', () => {
    expect(run(bin('tsc'), ['-p', '.'], consumer)).toBe('')
  })

  it('has types that are checked: a wrong use does not compile', () => {
    const wrong = "import { grad, item } from 'foldgrad'\nexport const text: string = item(grad(1))\n"
    expect(() => run(bin('tsc'), ['-p', '.'], withFile('wrong.ts', wrong))).toThrow(/wrong\.ts/)
  })

  it('says where it stands to debuggers: sources and declaration maps are inside, tests and tools are not', () => {
    const files = readdirSync(installed, { recursive: true, encoding: 'utf8' })
    expect(files).toEqual(expect.arrayContaining(['package.json', 'README.md', 'LICENSE', 'lib/index.ts', 'dist/index.d.ts.map']))
    expect(files.filter((file) => /(^|\/)(spec|examples|node_modules)(\/|$)|config|tsconfig/.test(file))).toEqual([])
  })

  it('passes publint', () => {
    expect(run(bin('publint'), ['--strict', tarball], root)).toMatch(/All good/)
  })

  it('passes are-the-types-wrong', () => {
    const report = JSON.parse(run(bin('attw'), ['--profile', 'esm-only', '--format', 'json', tarball], root)) as TypesReport
    const checked = Object.values(report.analysis.entrypoints).flatMap(({ resolutions }) => [resolutions['node16-esm'], resolutions.bundler])
    expect(checked.length).toBeGreaterThanOrEqual(4)
    for (const { resolution, visibleProblems } of checked) expect({ resolved: resolution !== undefined, visibleProblems }).toEqual({ resolved: true, visibleProblems: [] })
  })
})

/** The consumer with one more file, for the time of one test. */
const withFile = (name: string, text: string): string => {
  const folder = mkdtempSync(join(consumer, 'wrong-'))
  for (const file of ['package.json', 'tsconfig.json']) cpSync(join(consumer, file), join(folder, file))
  writeFileSync(join(folder, name), text)
  return folder
}

/** A program bundled for browsers and minified. */
const bundle = async (program: string): Promise<string> => {
  const build = await rolldown({
    input: 'program',
    platform: 'browser',
    plugins: [
      {
        name: 'program',
        resolveId: (id) => (id === 'program' ? id : id === 'foldgrad' ? join(installed, 'dist', 'index.js') : null),
        load: (id) => (id === 'program' ? program : null),
      },
    ],
  })
  const { output } = await build.generate({ minify: true })
  return output[0].code
}

describe('a bundle', () => {
  /** Names of operations, which the primitives carry as text and a minifier keeps. */
  const names = ['erf', 'cumsum', 'cumprod', 'logSumExp', 'atanh', 'matmul']
  const mentioned = (code: string): ReadonlyArray<string> => names.filter((name) => new RegExp(`["'\`]${name}["'\`]`).test(code))

  it('holds only what the program uses', async () => {
    const code = await bundle("export { grad, item, mul } from 'foldgrad'")
    expect(mentioned(code)).toEqual([])
    expect(code.length).toBeLessThan(35_000)
  })

  it('holds everything when everything is used', async () => {
    expect(mentioned(await bundle("export * from 'foldgrad'"))).toEqual(names)
  })

  it('holds nothing for an import that is not used', async () => {
    expect((await bundle("import 'foldgrad'")).length).toBeLessThan(100)
  })

  it('still freezes its classes', async () => {
    expect(await bundle("export { mul } from 'foldgrad'")).toMatch(/Object\.freeze\(\w+\.prototype\)/)
  })
})
