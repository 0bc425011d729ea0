import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runVolo } from '../../cli/run-volo.ts'
import { makeRepo, plainGitEnv } from '../../support/git-repo.ts'
import { temporaryFolder, writeTree } from '../temporary-folder.ts'
import { gitSettings } from './store.ts'

const readme = readFileSync(join(import.meta.dirname, '../../../src/project/git/README.md'), 'utf8')

test('two teams share an IDL as the page shows', async () => {
  const root = temporaryFolder()
  const repo = makeRepo(join(root, 'srv/catalog/idl'))
  const messages = ['The catalog', 'Ids are numbers, products have a price', 'Ids stay as they are']
  const shop = join(root, 'shop')
  writeTree(shop, { 'package.json': '{ "type": "module", "dependencies": { "volo-ts": "1.0.0" } }\n' })
  const env = {
    ...plainGitEnv,
    ...gitSettings({ [`url.file://${root}/srv/.insteadOf`]: 'https://git.example.com/' }),
    VOLO_CACHE: join(root, 'cache'),
  }
  let commands = 0
  for (const [, language, text = ''] of readme.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)) {
    if (language === 'thrift') {
      repo.commit(messages.shift()!, { 'catalog/catalog.thrift': text })
      continue
    }
    for (const step of text.split(/^\$ volo /m).slice(1)) {
      commands++
      const [line = '', ...output] = step.split('\n')
      const { stdout, stderr } = await runVolo(shop, line.split(' '), { env })
      expect(`$ volo ${line}\n${stdout}${stderr}`).toBe(`$ volo ${line}\n${output.join('\n')}`)
    }
  }
  expect(messages).toEqual([])
  expect(commands).toBe(7)
})
