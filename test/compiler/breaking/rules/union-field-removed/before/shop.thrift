union Payment {
  1: string card
  2: i64 cash
}
