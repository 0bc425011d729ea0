/** A worker that never serves. */

setInterval(() => {}, 1000)
