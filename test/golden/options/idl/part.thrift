namespace js kit.parts

/** How a part is moved. */
enum Carrier {
  HAND = 1,
  /** On wheels. */
  CART = 4,
  WAGON = 4,
  __proto__ = 9,
}

const Carrier USUAL = Carrier.CART

/** One part. */
struct Part {
  1: required i64 part_id,
  /** What it is called. */
  2: string display_name = "part",
  3: Carrier carrier = Carrier.HAND,
  4: optional Carrier spareCarrier,
  5: list<Carrier> carriers,
  6: set<Carrier> allowed = [Carrier.HAND],
  7: map<Carrier, string> byCarrier,
  8: map<string, Carrier> carrierByName = {"one": Carrier.CART},
  9: binary image,
  10: map<string, list<Part>> partsByUrl,
  11: Carrier unset,
}

/** @deprecated use Part */
union Choice {
  1: Carrier carrier,
  2: Part part,
  3: map<uuid, Choice> more,
} (deprecated)
