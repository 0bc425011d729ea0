struct Cart {
  2: i64 id
  1: string note
}
exception Full {}
exception Closed {}
service Shop {
  void add(1: i32 count, 3: string note) throws (2: Full full, 1: Closed closed)
}
