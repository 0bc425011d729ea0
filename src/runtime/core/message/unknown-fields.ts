/** UnknownFields: what a message carried that its IDL does not know, where generated code is told to keep it. */

/**
 * The full name of the message that kept them, then the fields in the order they came, to be written again as they are by
 * that message and no other. Opaque: only codecs look inside.
 */
export type UnknownFields = readonly unknown[]
