union Payment {
  1: string card
}
