/** The files of a new project besides its IDLs and generated code. */

import type { Layout } from '../../compiler/gen/text/layout.ts'
import { isInt64, resolve } from '../../compiler/gen/type-shape.ts'
import type { IrType } from '../../compiler/ir/ir.ts'
import type { MethodModel, NamedProgram, ServiceModel } from '../generate/service-model.ts'
import { callCode, statement } from '../handler/code-layout.ts'
import { handlerFile, notWritten } from '../handler/handler-stub.ts'
import { plainValue, type ValueMaker } from '../handler/idl-value.ts'
import { type ImportSet, importSet } from '../handler/import-set.ts'
import { packageName } from '../package-root.ts'
import { clientCalls, isStreamOut, methodCall } from './client-code.ts'
import { type PackageManager, packageManagerWords, projectScripts } from './package-manager.ts'
import { plainName } from './project-name.ts'
import type { ScaffoldFile } from './scaffold.ts'
import { fillTemplate, readTemplate } from './template.ts'

/** What a project holds: a server, a client, or both. */
export type Template = 'server' | 'client' | 'full'

/** What the files are made from. */
export interface ProjectFilesInput {
  readonly name: string
  readonly template: Template
  readonly packageManager: PackageManager
  /** What package.json says of this package. */
  readonly runtime: string
  /** The package lies in the project's `vendor/`. */
  readonly isVendored: boolean
  /** The IDLs stay in git. */
  readonly isFromGit?: boolean
  /** The services to scaffold. */
  readonly services: readonly ServiceModel[]
  readonly named: NamedProgram
  /** Files that take the place of those made here: the handlers of a starter IDL. */
  readonly instead: readonly ScaffoldFile[]
}

/** The Node.js of the Docker image: a whole version, so that a build today and one in a year run on the same. */
export const dockerNode = '22.23.3'

/** The files of a project. */
export function projectFiles(input: ProjectFilesInput): ScaffoldFile[] {
  const { name, template, packageManager, services } = input
  const words = packageManagerWords[packageManager]
  const has = { server: template !== 'client', client: template !== 'server' }
  const files: ScaffoldFile[] = []
  const add = (path: string, text: string): void => {
    files.push({ path, text: input.instead.find((one) => one.path === path)?.text ?? text })
  }
  const data = {
    name,
    image: plainName(name),
    runtime: input.runtime,
    isVendored: input.isVendored,
    isFromGit: input.isFromGit === true,
    isStarter: input.instead.length > 0,
    hasServer: has.server,
    hasClient: has.client,
    startCommand: words.run('start'),
    clientCommand: words.run('client'),
    testCommand: words.run('test'),
    installCommand: `${packageManager} install`,
    scripts: projectScripts(packageManager, has),
    docker: {
      setup: words.setup,
      manifests: words.manifests,
      install: words.cleanInstall,
      nodeVersion: dockerNode,
      build: words.run('build'),
      prune: words.prune,
    },
  }
  add('package.json', fillTemplate('project/package.json', data))
  add('tsconfig.json', readTemplate('project/tsconfig.json'))
  add('.gitignore', readTemplate('project/_gitignore'))
  add('.dockerignore', readTemplate('project/_dockerignore'))
  add('Dockerfile', fillTemplate('project/Dockerfile', data))
  add('README.md', fillTemplate('project/README.md', { ...data, ...readmeData(input) }))
  if (packageManager === 'yarn') add('.yarnrc.yml', 'nodeLinker: node-modules\n')
  for (const service of services) {
    if (has.server) {
      add(`src/handlers/${service.fileStem}.ts`, handlerFile(service, '../gen', '.js'))
    }
    if (service.methods.length === 0) continue
    add(`test/${service.fileStem}.test.ts`, has.server ? serviceTest(input, service) : clientTest(input, service))
  }
  if (has.server) add('src/server.ts', serverFile(input, data))
  if (has.client) add('src/client.ts', clientFile(input, data))
  return files
}

function serverFile(input: ProjectFilesInput, data: object): string {
  const imports = importSet(['serve', 'server', 'address'])
  for (const name of ['accessLog', 'isRpcError', 'runWorkers', 'Server']) imports.use(packageName, name)
  const services = input.services.map((service) => ({
    constant: imports.use(`./gen/${service.module}.js`, service.constant),
    handler: imports.use(`./handlers/${service.fileStem}.js`, service.handlerName),
  }))
  return fillTemplate('project/src/server.ts', { ...data, services, serverImports: imports.lines().join('\n') })
}

function clientFile(input: ProjectFilesInput, data: object): string {
  const callable = input.services.filter(({ methods }) => methods.length > 0)
  const idls = new Set(callable.map(({ idl }) => idl))
  const transports = [
    ...(idls.has('thrift') ? [{ factory: 'thrift', variable: idls.size > 1 ? 'thriftTransport' : 'transport' }] : []),
    ...(idls.has('protobuf') ? [{ factory: 'grpc', variable: idls.size > 1 ? 'grpcTransport' : 'transport' }] : []),
  ]
  const imports = importSet([
    'address',
    'show',
    'showEach',
    'print',
    ...transports.map(({ variable }) => variable),
    ...callable.map(({ clientName }) => clientName),
  ])
  imports.use('node:util', 'inspect')
  for (const name of ['createClient', 'isBizError', 'isDeclaredException', 'isRpcError']) imports.use(packageName, name)
  for (const { factory } of transports) imports.use(`${packageName}/${factory}`, factory)
  const maker = valueMaker(input, imports, './gen')
  const services = callable.map((service) => ({
    client: service.clientName,
    constant: imports.use(`./gen/${service.module}.js`, service.constant),
    transport: transports.find(({ factory }) => (factory === 'thrift') === (service.idl === 'thrift'))?.variable,
    calls: clientCalls(maker, service, 4),
  }))
  const hasStreams = callable.some(({ methods }) => methods.some(isStreamOut))
  const clientImports = imports.lines().join('\n')
  return fillTemplate('project/src/client.ts', { ...data, transports, services, hasStreams, clientImports })
}

function serviceTest(input: ProjectFilesInput, service: ServiceModel): string {
  const imports = importSet(['server', 'answer', 'answers', service.clientName])
  imports.use('node:assert/strict', 'default')
  imports.use('node:test', 'test')
  for (const name of ['createClient', 'Server']) imports.use(packageName, name)
  imports.use(`${packageName}/inproc`, 'inProcess')
  const constant = imports.use(`../src/gen/${service.module}.js`, service.constant)
  const handler = imports.use(`../src/handlers/${service.fileStem}.js`, service.handlerName)
  const maker = valueMaker(input, imports, '../src/gen')
  const isWritten = input.instead.some(({ path }) => path === `src/handlers/${service.fileStem}.ts`)
  const tests = service.methods.map((method) => {
    const call = methodCall(maker, service, method)
    const isStub = !isWritten && method.kind !== 'oneway'
    return {
      title: isStub ? notWritten(service, method) : `${service.name}.${method.name} answers`,
      lines: isStub ? stubLines(method, call) : answerLines(method, call),
    }
  })
  return fillTemplate('project/test/service.test.ts', {
    name: service.name,
    client: service.clientName,
    constant,
    handler,
    tests,
    testImports: imports.lines().join('\n'),
  })
}

function clientTest(input: ProjectFilesInput, service: ServiceModel): string {
  const imports = importSet(['mock', 'call', 'answer', 'answers', service.clientName])
  imports.use('node:assert/strict', 'default')
  imports.use('node:test', 'test')
  imports.use(packageName, 'createClient')
  imports.use(`${packageName}/inproc`, 'mockService')
  const constant = imports.use(`../src/gen/${service.module}.js`, service.constant)
  const maker = valueMaker(input, imports, '../src/gen')
  const tests = service.methods.map((method) => ({
    method: method.name,
    lines: mockLines(maker, method, methodCall(maker, service, method)),
  }))
  return fillTemplate('project/test/client.test.ts', {
    name: service.name,
    client: service.clientName,
    constant,
    tests,
    testImports: imports.lines().join('\n'),
  })
}

/** Calls a method of a mock and answers it. */
function mockLines(maker: ValueMaker, method: MethodModel, request: Layout): string[] {
  const taken = `  const call = await mock.next('${method.name}')`
  const value = method.result === undefined ? 'undefined' : plainValue(maker, method.result)
  if (isStreamOut(method)) {
    return [
      ...statement('const stream = ', request, '', 2),
      taken,
      ...statement('', callCode('void call.send', [value]), '', 2),
      '  call.end()',
      '  const answers: unknown[] = []',
      '  for await (const answer of stream) answers.push(answer)',
      '  assert.equal(answers.length, 1)',
    ]
  }
  return [
    ...statement('const answer = ', request, '', 2),
    taken,
    ...statement('', callCode('call.reply', [value]), '', 2),
    method.result === undefined
      ? '  assert.equal(await answer, undefined)'
      : `  assert.equal(typeof (await answer), '${typeOf(method.result)}')`,
  ]
}

/** Calls a method that is a stub. */
function stubLines(method: MethodModel, call: Layout): string[] {
  const notYet = "{ code: 'UNIMPLEMENTED' }"
  const comment = '  // Once it is written: what it answers.'
  if (!isStreamOut(method))
    return [comment, ...statement('const answer = ', call, '', 2), `  await assert.rejects(answer, ${notYet})`]
  return [
    comment,
    ...statement('const stream = ', call, '', 2),
    '  const read = async (): Promise<void> => {',
    "    for await (const _answer of stream) assert.fail('it answers')",
    '  }',
    `  await assert.rejects(read(), ${notYet})`,
  ]
}

/** Calls a method and checks what kind of thing comes back. */
function answerLines(method: MethodModel, call: Layout): string[] {
  if (isStreamOut(method)) {
    return [
      '  const answers: unknown[] = []',
      ...statement('const stream = ', call, '', 2),
      '  for await (const answer of stream) answers.push(answer)',
      '  assert.ok(answers.length > 0)',
    ]
  }
  const lines = statement('const answer = await ', call, '', 2)
  const check =
    method.result === undefined
      ? 'assert.equal(answer, undefined)'
      : `assert.equal(typeof answer, '${typeOf(method.result)}')`
  return [...lines, `  ${check}`]
}

/** What `typeof` says of a value of an IDL type. */
function typeOf(type: IrType): string {
  const resolved = resolve(type)
  if (resolved.kind === 'enum') return 'number'
  if (resolved.kind !== 'scalar') return 'object'
  const { scalar } = resolved
  if (scalar === 'string' || scalar === 'uuid') return 'string'
  if (scalar === 'bool') return 'boolean'
  if (scalar === 'bytes') return 'object'
  return isInt64(scalar) ? 'bigint' : 'number'
}

function valueMaker(input: ProjectFilesInput, imports: ImportSet, genFolder: string): ValueMaker {
  return { named: input.named, int64: 'bigint', use: (module, name) => imports.use(`${genFolder}/${module}.js`, name) }
}

function readmeData({ services }: ProjectFilesInput): object {
  const main = services.reduce((most, one) => (one.methods.length > most.methods.length ? one : most))
  return {
    mainHandlers: `src/handlers/${main.fileStem}.ts`,
    services: services.map(({ fullName, methods }) => ({
      fullName,
      methods: methods.map((method) => `\`${method.name}\``).join(', '),
    })),
  }
}
