namespace * behaviour

exception Refused {
  1: required string why,
  2: i32 code,
}

struct Item {
  1: required string id,
  2: i32 count,
  3: list<string> tags,
  4: optional string note,
  5: i64 big,
  6: binary data,
  7: map<string, i32> parts,
  8: optional Item inner,
}

service Behaviour {
  Item echo(1: Item item) throws (1: Refused refused),
  void nothing(),
  oneway void tell(1: string word),
}
