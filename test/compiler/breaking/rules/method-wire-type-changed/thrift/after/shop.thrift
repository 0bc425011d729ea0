service Shop {
  i64 count()
  i32 add()
  set<string> names()
}
