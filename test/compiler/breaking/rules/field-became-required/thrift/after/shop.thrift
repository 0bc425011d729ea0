struct Cart {
  1: required i64 id
  2: required string note
}
