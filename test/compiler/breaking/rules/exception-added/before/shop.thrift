exception Refused {}
service Shop {
  i32 pay()
}
