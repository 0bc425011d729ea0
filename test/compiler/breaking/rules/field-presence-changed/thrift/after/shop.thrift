struct Cart {
  1: string note
  2: optional i32 count
}
