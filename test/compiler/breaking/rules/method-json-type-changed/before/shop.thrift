service Shop {
  string read()
}
