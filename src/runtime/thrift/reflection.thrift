namespace * volo.reflection

/** A service that a server answers. */
struct ReflectedService {
  /** The name that calls carry: TTHeader's `isn`. */
  1: required string name,
  /** The file that declares it. */
  2: required string file,
}

/** What an IDL file declares, as far as the server's services reach it. */
struct ReflectedFile {
  /** Path of the IDL file; `#2` and so on behind it where two files of a server have one path. */
  1: required string name,
  /** The names of the files that it includes. */
  2: required list<string> includes,
  /**
   * JSON: `{ messages, enums, services }`. A message is `{ kind: struct | union | exception, name, fields, annotations? }`, a field
   * `{ id, name, type, presence: required | optional | default, default? }`, a type `{ kind: scalar, scalar }`, `{ kind: enum | message, name }`,
   * `{ kind: list | set, element }` or `{ kind: map, key, value }`; scalars are bool, i8, i16, i32, i64, f64, string, bytes, uuid. An enum is
   * `{ name, values: [{ name, number }] }`, a service `{ name, extends?, methods, annotations? }`, a method `{ name, kind: unary | oneway, request,
   * response, idempotent?, annotations? }`; request and response name the structs of arguments and result: field 0 is the value, the others are the declared
   * exceptions. Names are `file.Name`. In defaults 64-bit integers are text, binary is base64, enums are numbers, structs have the names of fields.
   */
  3: required string description,
}

/** A service was asked for that the server does not have or does not tell of. */
exception NotReflected {
  1: required string service,
}

/** Describes the Thrift services of a server to generic tools. */
service ThriftReflection {
  /** Every service that is told of, in the order in which they were added. */
  list<ReflectedService> listServices(),
  /** The files that declare these services, and all that they include; without names, those of every service. */
  list<ReflectedFile> describeServices(1: list<string> names) throws (1: NotReflected notReflected),
}
