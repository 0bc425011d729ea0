namespace js kit.parts
include "part.thrift"

/** Nothing got through. */
exception StoreClosed {
  1: optional string message,
  2: part.Carrier carrier,
}

typedef map<string, part.Choice> Choices

struct NotUsed {
  1: Choices choices,
}

/** Where parts are. */
service PartStore {
  /**
   * Finds parts.
   */
  Choices find_by_url(
    /** Where it is. */
    1: string part_url,
    2: part.Carrier user_carrier = part.USUAL,
  ) throws (1: StoreClosed store_closed)
}
