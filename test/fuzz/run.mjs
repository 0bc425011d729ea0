// A million mutated messages, IDLs, header blocks and HTTP/2 conversations of each kind: `npm run fuzz [count] [seed]`.

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const [count = '1000000', seed = String(Date.now() % 1000000)] = process.argv.slice(2)
const root = fileURLToPath(new URL('../..', import.meta.url))
process.stdout.write(`count ${count}, seed ${seed}\n`)
const { status } = spawnSync('npx', ['vitest', 'run', 'test/fuzz'], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, FUZZ_COUNT: count, FUZZ_SEED: seed },
})
process.exitCode = status ?? 1
