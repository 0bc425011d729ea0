/** `npm run generate:examples`: generates src/gen of every lesson of examples/ anew. Needs `npm run build`. */

import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const examples = join(root, 'examples')

for (const lesson of readdirSync(examples).filter((name) => existsSync(join(examples, name, 'volo.yml')))) {
  console.log(lesson)
  const volo = [join(root, 'bin/volo.js'), 'generate']
  const { status } = spawnSync(process.execPath, volo, { cwd: join(examples, lesson), stdio: 'inherit' })
  if (status !== 0) process.exit(1)
}
