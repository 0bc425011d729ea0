struct Cart {
  1: required i64 id
}
