struct Receipt {
  1: required string id,
  2: required i32 cents,
}

exception CardDeclined {
  1: required string reason,
}

service Payments {
  /** Charges a card and signs the receipt, which takes a processor some time. */
  Receipt charge(1: string card, 2: i32 cents) throws (1: CardDeclined cardDeclined),
}
