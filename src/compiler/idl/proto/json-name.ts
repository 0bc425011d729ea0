/** The JSON name that protobuf derives from a field's name. */

/** `foo_bar_baz` to `fooBarBaz`: underscores go, and a letter after one becomes upper case, exactly as protoc does it. */
export function jsonNameOf(name: string): string {
  let under = name.indexOf('_')
  if (under < 0) return name
  let out = ''
  let at = 0
  while (under >= 0) {
    out += name.slice(at, under)
    at = under + 1
    while (name.charCodeAt(at) === 95) at++
    const next = name.charCodeAt(at)
    if (next >= 97 && next <= 122) {
      out += String.fromCharCode(next - 32)
      at++
    }
    under = name.indexOf('_', at)
  }
  return out + name.slice(at)
}
