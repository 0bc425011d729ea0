struct Cart {
  1: i64 id
}
