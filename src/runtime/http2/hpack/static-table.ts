/** The static table of HPACK (RFC 7541 appendix A). */

const text =
  ':authority|;:method|GET;:method|POST;:path|/;:path|/index.html;:scheme|http;:scheme|https;:status|200;:status|204;' +
  ':status|206;:status|304;:status|400;:status|404;:status|500;accept-charset|;accept-encoding|gzip, deflate;' +
  'accept-language|;accept-ranges|;accept|;access-control-allow-origin|;age|;allow|;authorization|;cache-control|;' +
  'content-disposition|;content-encoding|;content-language|;content-length|;content-location|;content-range|;' +
  'content-type|;cookie|;date|;etag|;expect|;expires|;from|;host|;if-match|;if-modified-since|;if-none-match|;' +
  'if-range|;if-unmodified-since|;last-modified|;link|;location|;max-forwards|;proxy-authenticate|;' +
  'proxy-authorization|;range|;referer|;refresh|;retry-after|;server|;set-cookie|;strict-transport-security|;' +
  'transfer-encoding|;user-agent|;vary|;via|;www-authenticate|'

const entries: readonly string[][] = text.split(';').map((entry) => entry.split('|'))

/** Names by index; index 0 is no entry. */
export const staticNames: readonly string[] = ['', ...entries.map(([name]) => name as string)]
/** Values by index. */
export const staticValues: readonly string[] = ['', ...entries.map(([, value]) => value as string)]
/** How many entries there are: the dynamic table begins behind them. */
export const staticCount: number = entries.length

const byName = new Map<string, number>()
const byField = new Map<string, number>()
for (let index = staticCount; index > 0; index--) {
  byName.set(staticNames[index] as string, index)
  byField.set(fieldKey(staticNames[index] as string, staticValues[index] as string), index)
}

/** One key for a name and a value; no name holds the character between them. */
export function fieldKey(name: string, value: string): string {
  return `${name}\n${value}`
}

/** The first index of a name, 0 for none. */
export function staticNameIndex(name: string): number {
  return byName.get(name) ?? 0
}

/** The index of a name with its value, by {@link fieldKey}; 0 for none. */
export function staticFieldIndex(key: string): number {
  return byField.get(key) ?? 0
}
