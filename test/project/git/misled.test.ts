import { join } from 'node:path'
import { expect, test } from 'vitest'
import { compile } from '../../../src/compiler/compile.ts'
import { parseGitUrl } from '../../../src/project/git/url.ts'
import { makeRepo } from '../../support/git-repo.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { failureOf, gitSettings, storeIn } from './store.ts'

test('a file in a submodule of a repo is refused with the way to get it', async () => {
  const folder = temporaryFolder()
  const inner = makeRepo(join(folder, 'inner'))
  inner.commit('inner', { 'money.thrift': 'struct Money {}' })
  const outer = makeRepo(join(folder, 'outer'))
  outer.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', inner.folder, 'third/money')
  const commit = outer.commit('outer', { 'shop.thrift': 'include "third/money/money.thrift"' })
  const url = parseGitUrl(outer.url, folder)
  const [tree] = await storeIn(join(folder, 'cache')).open([{ url, commit, ref: 'main' }])
  const reason = "it lies in the submodule 'third/money', which is not fetched; add that repo with volo repo add"
  expect(() => tree.read('third/money/money.thrift')).toThrow(reason)
  const host = {
    read(path: string) {
      const bytes = tree.read(path)
      return bytes && Buffer.from(bytes).toString('utf8')
    },
  }
  const { diagnostics } = compile({ entries: ['shop.thrift'], host })
  expect(diagnostics.map(({ code }) => code)).toEqual(['file-unreadable'])
  expect(diagnostics[0]!.message).toContain(reason)
})

test('a proxy that does not answer is named, with the setting that names it', async () => {
  const folder = temporaryFolder()
  const ask = (env: Record<string, string>): Promise<Error & { readonly hint?: string }> => {
    const store = storeIn(join(folder, 'cache'), { env })
    return failureOf(store.resolve([{ url: parseGitUrl('https://git.example.com/a/b.git', folder), ref: 'main' }]))
  }
  expect((await ask({ HTTPS_PROXY: 'http://127.0.0.1:1' })).hint).toBe(
    'nothing answers at 127.0.0.1:1, the proxy that HTTPS_PROXY names: start it, or correct the setting',
  )
  expect((await ask(gitSettings({ 'http.proxy': 'http://127.0.0.1:1' }))).hint).toContain("git's setting http.proxy")
  expect((await ask({ https_proxy: 'http://proxy.invalid:8080' })).hint).toBe(
    "there is no proxy host 'proxy.invalid': correct https_proxy",
  )
})
