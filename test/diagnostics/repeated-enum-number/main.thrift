enum E {
  A = 1
  B = 0
  C
}
