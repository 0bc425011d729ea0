/** A project over a real git repo of IDLs, in temporary folders with a cache of their own. */

import { join } from 'node:path'
import { temporaryFolder, writeTree } from '../project/temporary-folder.ts'
import { type GitRepo, makeRepo, plainGitEnv } from '../support/git-repo.ts'
import { runVolo, type VoloRun } from './run-volo.ts'

/** The IDL files of the first commit. */
export const firstIdl: Readonly<Record<string, string>> = {
  'common/money.thrift': 'struct Money {\n  1: required i64 units\n}\n',
  'shop/shop.thrift': 'include "../common/money.thrift"\n\nservice Shop {\n  money.Money total(1: string id)\n}\n',
  'feed/v1/feed.proto':
    'syntax = "proto3";\npackage feed.v1;\nmessage Tick { int32 n = 1; }\nservice Feed { rpc Watch(Tick) returns (stream Tick); }\n',
}

/** A folder of projects and a repo beside it. */
export interface GitWorld {
  readonly home: string
  readonly repo: GitRepo
  /** The commit of `firstIdl`, on `main`. */
  readonly first: string
  /** An empty project with a package.json. */
  readonly project: string
  /** Runs `volo` in the project, with the world's own cache. */
  volo(...args: string[]): Promise<VoloRun>
  /** The same with other variables. */
  voloWith(env: Readonly<Record<string, string>>, ...args: string[]): Promise<VoloRun>
  /** The environment of these runs. */
  readonly env: Readonly<Record<string, string>>
  /** Another empty project beside it. */
  another(name: string): string
}

/** Makes a world. */
export function gitWorld(files: Readonly<Record<string, string>> = firstIdl): GitWorld {
  const home = temporaryFolder()
  const repo = makeRepo(join(home, 'idl'))
  const first = repo.commit('The shop and its money', files)
  const env = { ...plainGitEnv, VOLO_CACHE: join(home, 'cache') }
  const another = (name: string): string => {
    writeTree(home, { [`${name}/package.json`]: '{ "type": "module", "dependencies": { "volo-ts": "*" } }\n' })
    return join(home, name)
  }
  const project = another('app')
  return {
    home,
    repo,
    first,
    project,
    env,
    another,
    volo: (...args) => runVolo(project, args, { env }),
    voloWith: (more, ...args) => runVolo(project, args, { env: { ...env, ...more } }),
  }
}
