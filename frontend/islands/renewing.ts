// What renews itself, and how often it may.

/** Told to the document when the page was fetched anew, with it as the detail: what is drawn beside it follows. */
export const RENEWED = "cityloop:renewed"

/** Told to the document when a page has turned to another view: a map that stands shows what its element says now. */
export const TURNED = "cityloop:turned"

/** Told to the document when parts of it were put in anew: islands in them are mounted. */
export const PUT = "cityloop:put"

/** Calls at once when first asked, and never twice within `apart` ms, however often it is asked. */
export function atMost(apart: number, call: () => void): () => void {
  let waiting = 0
  let last = -apart
  return () => {
    if (waiting) return
    waiting = window.setTimeout(() => {
      waiting = 0
      last = performance.now()
      call()
    }, Math.max(0, last + apart - performance.now()))
  }
}
