struct Cart {}
exception Refused {}
