/** The type of a connected socket, for the folders above, which do not import node:net themselves. */

export type { Socket } from 'node:net'
