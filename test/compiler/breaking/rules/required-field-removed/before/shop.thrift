struct Cart {
  1: required i64 id
}
service Shop {
  void add(1: required i32 count)
}
