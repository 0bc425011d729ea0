service Shop {
  void add(2: optional i32 b, 1: i32 a)
}
