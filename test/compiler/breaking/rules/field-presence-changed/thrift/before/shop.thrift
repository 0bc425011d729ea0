struct Cart {
  1: optional string note
  2: i32 count
}
