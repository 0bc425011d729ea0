struct Cart {
  1: optional i64 id
  2: string note
}
