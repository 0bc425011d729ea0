struct Cart {
  1: i64 id
  2: string note
}
exception Full {}
exception Closed { 1: i32 code }
service Shop {
  void add(1: i32 count) throws (1: Full full)
}
