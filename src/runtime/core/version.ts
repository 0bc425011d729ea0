/** The version of this package, for what tells it to peers. */

/** As in package.json. */
export const packageVersion = '0.1.0-dev.0'
