/** UnknownFields: what a message carried that its IDL does not know, where generated code is told to keep it. */

/** Fields in the order they came, to be written again as they are. Opaque: only codecs look inside. */
export type UnknownFields = readonly unknown[]
