struct Cart {
  1: i64 id
  3: optional string tag
}
