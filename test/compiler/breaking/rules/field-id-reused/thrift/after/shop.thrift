struct Cart {
  1: i64 id
  2: i64 total
}
exception Full {}
exception Closed { 1: i32 code }
service Shop {
  void add(1: string sku) throws (1: Closed closed)
}
