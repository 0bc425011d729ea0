struct Cart {
  1: i64 id
  2: optional string note
}
