/** The JSON name that protobuf derives from a field's name. */

/** `foo_bar_baz` to `fooBarBaz`: underscores go, and a letter after one becomes upper case, exactly as protoc does it. */
export function jsonNameOf(name: string): string {
  if (!name.includes('_')) return name
  return name.replace(/_+(.?)/g, (_, next: string) => (next >= 'a' && next <= 'z' ? next.toUpperCase() : next))
}
