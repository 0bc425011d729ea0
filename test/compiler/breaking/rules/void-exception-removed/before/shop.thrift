exception Refused {}
service Shop {
  void pay() throws (1: Refused refused)
}
