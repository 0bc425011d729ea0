/** The services of norpc's examples. */

service HelloWorld {
  string hello(1: string name),
}

exception NotFound {
  1: required i32 id,
}

service KvStore {
  /** Throws NotFound where norpc answers None. */
  string read(1: i32 id) throws (1: NotFound notFound),
  void write(1: i32 id, 2: string value),
  void write_many(1: map<i32, string> values),
  map<i32, string> list_all(),
}

service Add {
  i32 add(1: i32 x, 2: i32 y),
}

service Work {
  /** Answers after so many milliseconds. */
  i32 work(1: i32 ms),
}
