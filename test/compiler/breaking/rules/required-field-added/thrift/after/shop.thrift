struct Cart {
  1: i64 id
  2: required string note
}
service Shop {
  void add(1: i32 count, 2: required string note)
}
