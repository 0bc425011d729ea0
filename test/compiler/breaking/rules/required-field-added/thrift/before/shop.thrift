struct Cart {
  1: i64 id
}
service Shop {
  void add(1: i32 count)
}
