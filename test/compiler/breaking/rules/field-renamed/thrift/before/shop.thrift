struct Cart {
  2: string note
}
service Shop {
  void add(1: i32 count)
}
