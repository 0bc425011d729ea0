/** How a greeting sounds. */
enum Tone {
  FRIENDLY = 0,
  FORMAL = 1,
}

struct Greeting {
  1: required string text,
  /** How often this name was greeted, this time included. */
  2: i32 count = 1,
}

/** There is nobody to greet. */
exception NoName {
  1: string message,
}

service Hello {
  /** Greets somebody by name. */
  Greeting greet(1: string name, 2: Tone tone) throws (1: NoName noName),
}
