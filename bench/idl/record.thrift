namespace * bench

struct Owner {
  1: required string name,
  2: required i32 id,
}

/** About 350 bytes. */
struct Record {
  1: required string title,
  2: required binary data,
  3: required list<i32> numbers,
  4: required Owner owner,
  5: required map<string, string> labels,
}

service Records {
  void noop(),
  Record echo(1: Record record),
}
