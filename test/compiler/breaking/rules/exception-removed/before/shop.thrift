exception Refused {}
service Shop {
  i32 pay() throws (1: Refused refused)
}
