exception Refused {}
service Shop {
  void pay()
}
