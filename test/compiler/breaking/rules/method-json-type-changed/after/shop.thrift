service Shop {
  binary read()
}
