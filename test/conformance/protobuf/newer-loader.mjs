/** A newer C library than the system's, for a runner that needs one: unpacked from Debian's packages beside the cache, never installed. */

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { run } from '../../interop/thrift/peer-process.mjs'

const release = 'trixie'
const packages = ['libc6', 'libstdc++6', 'libgcc-s1']

/** The command that starts a program by the newer loader. Throws with the reason where there is none. */
export async function newerLoader(folder) {
  const libraries = join(folder, 'usr/lib/x86_64-linux-gnu')
  const loader = join(libraries, 'ld-linux-x86-64.so.2')
  if (!existsSync(loader)) await unpack(folder)
  return [loader, '--library-path', libraries]
}

async function unpack(folder) {
  const site = await debianSite()
  const response = await fetch(`${site}/dists/${release}/main/binary-amd64/Packages.gz`)
  const index = response.ok ? gunzipSync(Buffer.from(await response.arrayBuffer())).toString() : undefined
  if (index === undefined)
    throw new Error('the runner needs glibc 2.38, and the package index of a newer Debian cannot be fetched')
  mkdirSync(folder, { recursive: true })
  for (const name of packages) {
    const entry = index.split('\n\n').find((one) => one.startsWith(`Package: ${name}\n`))
    const path = /^Filename: (.*)$/m.exec(entry ?? '')?.[1]
    const file = join(folder, `${name}.deb`)
    writeFileSync(file, Buffer.from(await (await fetch(`${site}/${path}`)).arrayBuffer()))
    execFileSync('dpkg-deb', ['-x', file, folder])
  }
}

/** Where this system takes its Debian packages from. */
async function debianSite() {
  const sites = await run('apt-get', ['indextargets', '--format', '$(SITE) $(ORIGIN)']).catch(() => '')
  const site = /^(\S+) Debian$/m.exec(sites)?.[1]
  if (site === undefined) throw new Error('the runner needs glibc 2.38, and this is no Debian to take a newer one from')
  return site
}
