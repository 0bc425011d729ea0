/** `npm run example LESSON [PROGRAM | test] [WORDS]`: translates a lesson of examples/ to JavaScript and runs a program of it, or its tests. */

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const examples = join(dirname(fileURLToPath(import.meta.url)), '../examples')

/** The TypeScript files below src/ and test/ whose translation in dist/ is missing or old. */
function stale(folder) {
  const parts = ['src', 'test'].filter((name) => existsSync(join(folder, name)))
  return parts
    .flatMap((part) => readdirSync(join(folder, part), { recursive: true }).map((path) => join(part, path)))
    .filter((path) => path.endsWith('.ts'))
    .map((path) => ({ source: join(folder, path), target: join(folder, 'dist', path.replace(/\.ts$/, '.js')) }))
    .filter(({ source, target }) => !existsSync(target) || statSync(target).mtimeMs < statSync(source).mtimeMs)
}

/** Brings dist/ up to date. Types are the business of `npm run types`. */
async function build(folder) {
  const files = stale(folder)
  if (files.length === 0) return
  const { default: ts } = await import('typescript')
  const compilerOptions = {
    module: ts.ModuleKind.ESNext,
    target: ts.ScriptTarget.ES2022,
    verbatimModuleSyntax: true,
    inlineSourceMap: true,
  }
  for (const { source, target } of files) {
    mkdirSync(dirname(target), { recursive: true })
    const text = readFileSync(source, 'utf8')
    writeFileSync(target, ts.transpileModule(text, { fileName: source, compilerOptions }).outputText)
  }
}

const lessons = readdirSync(examples).filter((name) => existsSync(join(examples, name, 'src')))

/** What a lesson can run. */
function programs(lesson) {
  const files = readdirSync(join(examples, lesson, 'src')).filter((name) => name.endsWith('.ts'))
  const named = files
    .filter((name) => readFileSync(join(examples, lesson, 'src', name), 'utf8').includes('npm run example'))
    .map((name) => name.slice(0, -'.ts'.length))
  return existsSync(join(examples, lesson, 'test')) ? [...named, 'test'] : named
}

function usage() {
  const lines = lessons.map((lesson) => `  npm run example ${lesson} [${programs(lesson).join(' | ')}]`)
  console.error(['Lessons, see examples/README.md:', ...lines].join('\n'))
  process.exitCode = 1
}

const [lesson, ...words] = process.argv.slice(2)
const known = lessons.includes(lesson) ? programs(lesson) : []
const program = known.includes(words[0]) ? words.shift() : 'main'
if (!known.includes(program)) usage()
else {
  const folder = join(examples, lesson)
  await build(folder)
  const dist = join(folder, 'dist')
  const tests = () => readdirSync(join(folder, 'test')).map((name) => join(dist, 'test', name.replace(/\.ts$/, '.js')))
  const args = program === 'test' ? ['--test', ...tests()] : [join(dist, 'src', `${program}.js`), ...words]
  process.exitCode = spawnSync(process.execPath, ['--enable-source-maps', ...args], { stdio: 'inherit' }).status ?? 1
}
