service Shop {
  i32 count()
  void add()
  list<string> names()
}
