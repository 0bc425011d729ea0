struct Cart {
  1: i64 id
  2: string note
}
exception Full {}
exception Closed {}
service Shop {
  void add(1: i32 count, 2: string note) throws (1: Full full, 2: Closed closed)
}
